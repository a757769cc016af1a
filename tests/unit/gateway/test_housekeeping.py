"""Each agent's sessions live by its own terms."""

from datetime import timedelta

from gateway.config import Settings
from gateway.housekeeping import Housekeeping, Terms
from state.lifecycle import Phase
from state.quiet import Spans
from tests.unit.gateway.test_janitor import DAY, HOUR, LATER, House

CODER = Terms(Spans(timedelta(minutes=5), DAY, 3 * DAY), 2)


async def test_each_agents_sessions_live_by_its_own_terms_and_any_others_by_the_defaults() -> None:
    house = House(Housekeeping(Terms(Spans(HOUR, 30 * DAY)), 30 * DAY, {"coder": CODER}))
    agents = ("main", "coder", "x")
    mine, coders, gone = [await house.active(str(n), name) for n, name in enumerate(agents)]
    assert await house.janitor.round() == 300.0
    await house.lives(timedelta(minutes=6))
    phases = [await house.phase(each) for each in (mine, coders, gone)]
    assert phases == [Phase.ACTIVE, Phase.IDLE, Phase.ACTIVE]
    await house.lives(2 * HOUR)
    assert await house.phase(gone) is Phase.IDLE
    await house.lives(2 * DAY)
    phases = [await house.phase(each) for each in (mine, coders, gone)]
    assert phases == [Phase.IDLE, Phase.ARCHIVED, Phase.IDLE]
    await house.lives(2 * DAY)
    assert await house.sessions.ids() == (mine, gone)
    await house.lives(30 * DAY)
    assert await house.phase(gone) is Phase.ARCHIVED


async def test_sessions_make_room_for_others_of_their_agent_only() -> None:
    house = House(Housekeeping(Terms(Spans(HOUR)), 30 * DAY, {"coder": CODER}))
    for number in range(4):
        await house.active(str(number))
    coders = [await house.active(str(number), "coder") for number in range(4, 8)]
    await house.lives(LATER)
    kept = await house.sessions.ids()
    assert len(kept) == 6
    assert len(set(coders) & set(kept)) == 2


def test_the_terms_of_an_agent_are_its_own_settings_or_else_the_defaults() -> None:
    mine = {"session": {"idle_after": 300, "retention": "3d", "max_sessions": 2}}
    defaults = {"session": {"archive_after": "1d"}}
    settings = Settings.model_validate({"agents": {"defaults": defaults, "coder": mine}})
    rules = Housekeeping.set_by(settings)
    assert rules.of("coder") == CODER
    assert rules.of("main") == rules.of("gone") == Terms(Spans(HOUR, DAY))
    assert rules.shortest() == timedelta(minutes=5)
