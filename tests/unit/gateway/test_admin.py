"""What an operator does: with a gateway running, and on a folder that nobody owns."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.channel import Condition, Health
from gateway.admin import Admin
from gateway.admin_errors import AdminError
from gateway.api.operations import carry_out
from gateway.clock import Clock
from gateway.health import Verdict
from gateway.life import Life
from gateway.open_sessions import OpenSessions
from state.files.receipts import Receipts
from state.history import AssistantEntry, UserEntry, stand_in
from state.keys import Address, SessionKey
from state.lifecycle import Event, Phase
from state.memory import MemoryLedger, MemorySessions
from state.messages import Sender
from state.session import Context, Session
from state.store import PairingRequest, Role

NOW = datetime(2026, 1, 30, 10, 0, tzinfo=UTC)
JASON = "telegram:123456789:main"
GUILD = "discord:987654321:group"


class StoppedClock(Clock):
    def now(self) -> datetime:
        return NOW


class Running:
    """A gateway as `admin.Live` sees it, which writes down what it was asked."""

    def __init__(self) -> None:
        self.lanes: list[str] = []
        self.told: list[tuple[Address, str]] = []
        self.admissions = 0
        self.aliases = 0
        self.stopped = False

    async def in_lane(self, session_id: str, action: Callable[[], Awaitable[object]]) -> object:
        self.lanes.append(session_id)
        return await action()

    def channel_health(self):
        health = Health(Condition.HEALTHY, NOW, generation=3, identity="@bot", lag=0.41234)
        return [("telegram", "telegram", health)]

    async def admissions_changed(self) -> None:
        self.admissions += 1

    async def aliases_changed(self) -> None:
        self.aliases += 1

    async def tell(self, address: Address, text: str) -> None:
        self.told.append((address, text))

    def request_stop(self) -> None:
        self.stopped = True

    def verdict(self):
        return Verdict(live=True, ready=False, reasons=("no channel is healthy",))

    def figures(self):
        return {"loop": {"lag": 0.0}}

    def runtime(self):
        return {"pid": 42, "started_at": NOW}


class Desk:
    """Stores with two sessions, a stranger, and an operator."""

    def __init__(self, live: Running | None) -> None:
        self.sessions, self.ledger = MemorySessions(), MemoryLedger()
        clock = StoppedClock()
        life = Life(self.sessions, self.ledger, OpenSessions(self.sessions), clock)
        self.live = live
        self.admin = Admin(
            sessions=self.sessions,
            ledger=self.ledger,
            life=life,
            clock=clock,
            receipts=Receipts(Path("nowhere")),
            live=live,
        )

    async def open(self) -> "Desk":
        for key in (JASON, GUILD):
            await self._talk(SessionKey.parse(key))
        await self.ledger.request_pairing(
            PairingRequest(
                code="ABCD2345",
                account="telegram",
                user="77",
                name="Mallory",
                address=Address("telegram", "77"),
                created_at=NOW,
                expires_at=NOW + timedelta(minutes=10),
            ),
            most=5,
        )
        return self

    async def _talk(self, key: SessionKey) -> None:
        session = Session.begin(key, agent="main", at=NOW)
        await self.sessions.create(session)
        place = Address(key.channel, key.chat)
        entries = (
            UserEntry("q", NOW, "Hello", place, Sender("1", "Jason"), "4711", turn="t"),
            AssistantEntry("a", NOW, "Hi there!", "t", re=("q",)),
        )
        session = session.with_entries(entries)
        await self.sessions.append(session, entries)
        await self.ledger.index(session)

    async def do(self, operation: str, **given: object):
        return await carry_out(self.admin, operation, given)

    async def refused(self, operation: str, **given: object) -> AdminError:
        with pytest.raises(AdminError) as caught:
            await self.do(operation, **given)
        return caught.value


@pytest.fixture
async def desk() -> Desk:
    return await Desk(Running()).open()


@pytest.fixture
async def alone() -> Desk:
    return await Desk(None).open()


async def test_clearing_archives_the_words_between_two_turns(desk):
    done = await desk.do("sessions.clear", names=["telegram:1"])
    (cleared,) = done["cleared"]
    assert cleared["key"] == JASON
    assert cleared["archived"]
    assert desk.live.lanes == ["telegram_123456789_main"]
    assert await desk.sessions.entries(cleared["id"]) == ()
    (row,) = await desk.ledger.find(JASON)
    assert row.messages == 0


async def test_without_a_gateway_nothing_is_summarised(alone):
    refused = await alone.refused("sessions.compact", session=JASON)
    assert refused.code == "gateway_down"
    assert "argent gateway run" in refused.hint


async def test_a_summary_is_taken_back_without_a_gateway(alone):
    loaded = await alone.sessions.load(SessionKey.parse(JASON).session_id)
    summary = stand_in(loaded.entries, name="s", at=NOW, content="They met.", tokens=3)
    session = loaded.session.with_entries([summary])
    (at,) = await alone.sessions.append(session, [summary])
    context = Context(start=at, summary=at, undo=((0, None),))
    await alone.sessions.save(replace(session, context=context))
    done = await alone.do("sessions.undo", session=JASON)
    assert done["undone"]
    again = await alone.sessions.load(session.id)
    assert [entry.content for entry in again.entries[:2]] == ["Hello", "Hi there!"]
    assert again.session.context.tokens == done["tokens"] > 0
    assert not (await alone.do("sessions.undo", session=JASON))["undone"]


async def test_erasing_keeps_nothing(alone):
    done = await alone.do("sessions.clear", names=[JASON], erase=True)
    assert done["cleared"][0]["archived"] is None


async def test_all_sessions_are_cleared_when_all_are_asked_for(alone):
    done = await alone.do("sessions.clear", all=True)
    assert {session["key"] for session in done["cleared"]} == {JASON, GUILD}


async def test_nothing_is_cleared_when_one_name_is_wrong(alone):
    error = await alone.refused("sessions.clear", names=[JASON, "telegram:9999"])
    assert error.code == "not_found"
    assert len(await alone.sessions.entries(SessionKey.parse(JASON).session_id)) == 2


async def test_a_near_miss_is_named(alone):
    error = await alone.refused("sessions.clear", names=["telegram:123456798:main"])
    assert error.hint is not None
    assert JASON in error.hint


async def test_a_prefix_of_several_sessions_is_refused_with_their_names(alone):
    await alone._talk(SessionKey.parse("telegram:1234:dm"))
    error = await alone.refused("sessions.delete", names=["telegram:123"])
    assert error.code == "ambiguous"
    assert "telegram:1234:dm" in str(error.hint)


async def test_a_deleted_session_is_gone_from_files_and_listing(desk):
    await desk.do("sessions.delete", names=[GUILD])
    assert [str(row.key) for row in await desk.ledger.listing()] == [JASON]
    assert await desk.sessions.load(SessionKey.parse(GUILD).session_id) is None


async def test_an_archived_session_says_when_and_why_and_comes_back(desk):
    done = await desk.do("sessions.archive", names=[JASON, "telegram:1"])
    assert done["archived"] == [{"id": "telegram_123456789_main", "key": JASON}]
    assert desk.live.lanes == ["telegram_123456789_main"]
    assert await phase(desk, JASON) is Phase.ARCHIVED
    assert (await desk.do("sessions.unarchive", names=[JASON]))["unarchived"][0]["restored"]
    assert not (await desk.do("sessions.unarchive", names=[JASON]))["unarchived"][0]["restored"]
    loaded = await desk.sessions.load(SessionKey.parse(JASON).session_id)
    assert [(step.event, step.reason) for step in loaded.session.log] == [
        (Event.ARCHIVE, "the operator asked"),
        (Event.RESTORE, "the operator asked"),
    ]
    assert await phase(desk, JASON) is Phase.IDLE


async def test_an_active_session_rests_before_it_is_archived(desk):
    key = SessionKey.parse("telegram:5:dm")
    session = Session.begin(key, agent="main", at=NOW).after(Event.MESSAGE, NOW)
    await desk.sessions.create(session)
    await desk.ledger.index(session)
    await desk.do("sessions.archive", names=["telegram:5"])
    await desk.do("sessions.archive", names=["telegram:5"])
    loaded = await desk.sessions.load(key.session_id)
    assert [step.event for step in loaded.session.log] == ["message", "quiet", "archive"]


async def phase(desk, key):
    (row,) = await desk.ledger.find(key)
    return row.phase


async def test_cleaning_deletes_what_was_chosen_and_spares_what_was_used_since(desk):
    ids = [SessionKey.parse(key).session_id for key in (JASON, GUILD)]
    later = "2026-01-30T10:00:01Z"
    done = await desk.do("sessions.clean", ids=ids, before="2026-01-30T10:00:00Z")
    assert (done["deleted"], len(done["spared"])) == ([], 2)
    done = await desk.do("sessions.clean", ids=ids, before=later, state="idle")
    assert (done["deleted"], len(done["spared"])) == ([], 2)
    done = await desk.do("sessions.clean", ids=[*ids, "gone"], before=later)
    assert {each["key"] for each in done["deleted"]} == {JASON, GUILD}
    assert all(each["kept"] for each in done["deleted"])
    assert done["spared"] == [{"id": "gone", "error": None}]
    assert await desk.ledger.listing() == ()


async def test_cleaning_without_a_time_takes_all_that_are_named(alone):
    done = await alone.do("sessions.clean", ids=[SessionKey.parse(JASON).session_id], erase=True)
    assert [(each["key"], each["kept"]) for each in done["deleted"]] == [(JASON, None)]


async def test_an_approved_stranger_is_let_in_and_told(desk):
    done = await desk.do("pair.approve", code=" abcd2345 ")
    assert done["admitted"]["role"] == "guest"
    assert done["told"] is True
    assert desk.live.admissions == 1
    ((address, text),) = desk.live.told
    assert address == Address("telegram", "77")
    assert "You are in" in text


async def test_an_owner_is_approved_as_one(alone):
    done = await alone.do("pair.approve", code="ABCD2345", owner=True)
    assert done["told"] is False
    ((admission),) = await alone.ledger.admissions()
    assert admission.role is Role.OWNER


async def test_a_code_works_once(desk):
    await desk.do("pair.approve", code="ABCD2345")
    assert (await desk.refused("pair.approve", code="ABCD2345")).code == "not_found"


async def test_a_denied_stranger_stays_out(desk):
    await desk.do("pair.deny", code="ABCD2345")
    assert await desk.ledger.pairings(NOW) == ()
    assert desk.live.told == []


async def test_a_revoked_person_is_out_at_once(desk):
    await desk.do("pair.approve", code="ABCD2345")
    done = await desk.do("pair.revoke", user="77")
    assert done["revoked"]["name"] == "Mallory"
    assert desk.live.admissions == 2
    assert (await desk.refused("pair.revoke", user="77")).code == "not_found"


async def test_the_status_is_one_json_value(desk):
    status = await desk.do("status")
    assert status["gateway"] == {"pid": 42, "started_at": "2026-01-30T10:00:00Z"}
    assert status["channels"] == [
        {
            "account": "telegram",
            "kind": "telegram",
            "condition": "healthy",
            "proved_at": "2026-01-30T10:00:00Z",
            "detail": None,
            "identity": "@bot",
            "connections": 3,
            "lag": 0.412,
            "waits_until": None,
        }
    ]
    assert status["counts"]["sessions"] == 2
    assert status["verdict"] == await desk.do("check")
    assert "measured" not in status


async def test_a_closer_look_has_what_was_measured(desk):
    assert (await desk.do("status", deep=True))["measured"] == {"loop": {"lag": 0.0}}


async def test_a_check_says_whether_it_lives_and_is_ready_and_why_not(desk):
    found = await desk.do("check")
    assert (found["live"], found["ready"]) == (True, False)
    assert list(found["reasons"]) == ["no channel is healthy"]


async def test_a_gateway_is_stopped_by_name(desk):
    assert (await desk.do("gateway.stop"))["pid"] == 42
    assert desk.live.stopped


async def test_what_needs_a_gateway_says_so(alone):
    assert (await alone.refused("channels.status")).code == "gateway_down"


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("sessions.explode", {}),
        ("sessions.clear", {"names": "telegram:1"}),
        ("sessions.clear", {"names": [JASON], "all": True}),
        ("sessions.clear", {}),
        ("pair.approve", {}),
        ("sessions.archive", {}),
        ("sessions.clean", {"ids": ["x"], "before": "yesterday"}),
        ("sessions.clean", {"ids": ["x"], "state": "asleep"}),
        ("pair.approve", {"code": 7}),
        (["sessions.clear"], {}),
    ],
)
async def test_what_cannot_be_meant_is_refused(alone, operation, given):
    with pytest.raises(AdminError) as caught:
        await carry_out(alone.admin, operation, given)
    assert caught.value.code == "usage"
