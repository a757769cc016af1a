"""What quiet leads to, and in which phases."""

from datetime import timedelta

from state.lifecycle import Phase
from state.quiet import Due, Spans, concerns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_what_is_off_is_never_due() -> None:
    assert Spans(HOUR).each() == [(Due.IDLE, HOUR)]


def test_the_longest_quiet_comes_first_so_that_nothing_is_archived_only_to_be_erased() -> None:
    assert [due for due, _ in Spans(HOUR, 30 * DAY, 365 * DAY).each()] == [
        Due.ERASE,
        Due.ARCHIVE,
        Due.IDLE,
    ]
    assert Spans(HOUR, DAY, DAY).each()[0] == (Due.ERASE, DAY)


def test_nothing_is_due_sooner_than_the_shortest_span() -> None:
    assert Spans(HOUR, DAY).shortest() == HOUR
    assert Spans(2 * DAY, DAY).shortest() == DAY


def test_active_sessions_become_idle_resting_ones_are_archived_and_all_are_kept_as_long() -> None:
    assert concerns(Due.IDLE) == (Phase.ACTIVE,)
    assert set(concerns(Due.ARCHIVE)) == {Phase.CREATED, Phase.IDLE, Phase.COMPACTED}
    assert set(concerns(Due.ERASE)) == set(Phase)
