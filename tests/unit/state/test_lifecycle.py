"""The life of a session is one table, and what is not in it is an error."""

import itertools

import pytest

from state.lifecycle import (
    TRANSITIONS,
    Event,
    ImpossibleTransition,
    Phase,
    advance,
    as_table,
)


@pytest.mark.parametrize(("phase", "event"), list(itertools.product(Phase, Event)))
def test_every_phase_and_event_is_in_the_table_or_an_error(phase: Phase, event: Event) -> None:
    if (phase, event) in TRANSITIONS:
        assert advance(phase, event) is TRANSITIONS[phase, event]
    else:
        with pytest.raises(ImpossibleTransition, match=f"{phase}"):
            advance(phase, event)


@pytest.mark.parametrize(
    ("phase", "event", "then"),
    [
        (Phase.CREATED, Event.MESSAGE, Phase.ACTIVE),
        (Phase.ARCHIVED, Event.MESSAGE, Phase.ACTIVE),
        (Phase.COMPACTED, Event.MESSAGE, Phase.ACTIVE),
        (Phase.ACTIVE, Event.QUIET, Phase.IDLE),
        (Phase.IDLE, Event.COMPACT, Phase.COMPACTED),
        (Phase.CREATED, Event.ARCHIVE, Phase.ARCHIVED),
        (Phase.ARCHIVED, Event.RESTORE, Phase.IDLE),
        (Phase.ACTIVE, Event.CLEAR, Phase.CREATED),
    ],
)
def test_a_session_lives_as_designed(phase: Phase, event: Event, then: Phase) -> None:
    assert advance(phase, event) is then


@pytest.mark.parametrize(
    ("phase", "event"),
    [
        (Phase.ACTIVE, Event.ARCHIVE),
        (Phase.ARCHIVED, Event.COMPACT),
        (Phase.IDLE, Event.QUIET),
        (Phase.IDLE, Event.RESTORE),
        (Phase.CREATED, Event.COMPACT),
    ],
)
def test_what_is_not_designed_cannot_happen(phase: Phase, event: Event) -> None:
    with pytest.raises(ImpossibleTransition, match="possible are"):
        advance(phase, event)


def test_the_table_for_the_documentation_names_every_transition() -> None:
    table = as_table()
    assert "| created, active, idle, compacted, archived | message | active |" in table
    assert "| created, active, idle, compacted, archived | clear | created |" in table
    assert table.count("\n") == 1 + len({(e, to) for (_, e), to in TRANSITIONS.items()})
