"""What every store does about the summaries that stand in front of a context."""

from dataclasses import replace

from state.history import Entry, SummaryEntry, stand_in
from state.session import Context, Session
from state.store import Loaded, Sessions
from state.view import view
from tests.contracts.examples import after, later, session, turn

FACTS = session()


def summary(name: str, entries: list[Entry], earlier: SummaryEntry | None = None) -> SummaryEntry:
    return stand_in(
        entries, name=name, at=later(60), content="They met.", tokens=3, earlier=earlier
    )


FIRST = summary("s1", turn(1))
SECOND = summary("s2", turn(2), FIRST)


async def told(sessions: Sessions) -> tuple[Session, dict[str, int]]:
    """Three turns; the first was summarised, then the first two. Where each entry is."""
    where: dict[str, int] = {}
    facts = FACTS
    for batch in (turn(1), turn(2), [FIRST], turn(3), [SECOND]):
        facts = after(facts, batch) if len(batch) > 1 else facts
        positions = await sessions.append(facts, batch)
        where |= {entry.id: at for entry, at in zip(batch, positions, strict=True)}
    undo = ((0, None), (where["u2"], where["s1"]))
    context = Context(9, 100, start=where["u3"], summary=where["s2"], undo=undo)
    facts = replace(facts, context=context)
    await sessions.save(facts)
    return facts, where


async def load(sessions: Sessions) -> Loaded:
    loaded = await sessions.load(FACTS.id)
    assert loaded is not None
    return loaded


async def test_the_summary_that_stands_is_loaded_with_the_turns_behind_it(
    sessions: Sessions,
) -> None:
    facts, _ = await told(sessions)
    loaded = await load(sessions)
    assert loaded.session == facts
    assert loaded.summary == SECOND
    assert view(loaded.entries, loaded.summary) == [SECOND, *turn(3)]


async def test_a_summary_is_loaded_though_the_context_begins_behind_it(sessions: Sessions) -> None:
    facts, where = await told(sessions)
    context = replace(facts.context, summary=where["s1"])
    await sessions.save(replace(facts, context=context))
    loaded = await load(sessions)
    assert loaded.summary == FIRST
    assert view(loaded.entries, loaded.summary) == [FIRST, *turn(3)]


async def test_without_a_summary_none_is_loaded(sessions: Sessions) -> None:
    facts, where = await told(sessions)
    await sessions.save(replace(facts, context=Context(start=where["u2"])))
    loaded = await load(sessions)
    assert loaded.summary is None
    assert view(loaded.entries, loaded.summary) == [*turn(2), *turn(3)]


async def test_a_context_may_begin_with_its_summary(sessions: Sessions) -> None:
    facts, where = await told(sessions)
    context = Context(start=where["s2"], summary=where["s2"])
    await sessions.save(replace(facts, context=context))
    await sessions.append(replace(facts, context=context), turn(4))
    loaded = await load(sessions)
    assert view(loaded.entries, loaded.summary) == [SECOND, *turn(4)]


async def test_a_context_keeps_its_summaries_when_words_elsewhere_are_erased(
    sessions: Sessions,
) -> None:
    facts, where = await told(sessions)
    assert await sessions.erase(FACTS.id, {"3"}) == 1
    loaded = await load(sessions)
    assert loaded.summary == SECOND
    assert [entry.id for entry in loaded.entries] == ["u3", "a3", "s2"]
    context = loaded.session.context
    assert context.start == loaded.positions[0]
    assert context.summary == loaded.positions[2]
    assert context.undo == ((0, None), (where["u2"], where["s1"]))
    assert replace(loaded.session, context=facts.context) == facts


async def test_summaries_of_erased_words_lose_theirs_and_what_they_stood_for_is_shown(
    sessions: Sessions,
) -> None:
    await told(sessions)
    assert await sessions.erase(FACTS.id, {"1"}) == 3
    loaded = await load(sessions)
    assert loaded.summary is None
    shown = view(loaded.entries, loaded.summary)
    assert [entry.id for entry in shown] == ["u1", "a1", "u2", "a2", "u3", "a3"]
    assert [getattr(entry, "content", None) for entry in shown[:2]] == ["", "Hi there!"]
    assert loaded.session.context.undo == ()
    kept = await sessions.entries(FACTS.id)
    assert [e.content for e in kept if isinstance(e, SummaryEntry)] == ["", ""]


async def test_a_summary_that_does_not_speak_of_erased_words_stands_again(
    sessions: Sessions,
) -> None:
    await told(sessions)
    assert await sessions.erase(FACTS.id, {"2"}) == 2
    loaded = await load(sessions)
    assert loaded.summary == FIRST
    shown = view(loaded.entries, loaded.summary)
    assert [entry.id for entry in shown] == ["s1", "u2", "a2", "u3", "a3"]
    assert loaded.session.context.undo == ((0, None),)
