from dataclasses import dataclass, field

import hypothesis.strategies as st
from hypothesis import given

from agents.breaker import FAILURES, LEAST, LONGEST_REST, WHOLE, WINDOW, Breaker

pauses = st.floats(0, 90, allow_nan=False)
"""Between two outcomes; now and then more than the window."""

lengths = st.floats(0, 70, allow_nan=False)
"""Of a call."""

courses = st.lists(st.tuples(pauses, lengths, st.booleans()), max_size=40)


@dataclass
class Told:
    """What a breaker shall have done, by a plain reading of its rule."""

    run: list[tuple[float, float]] = field(default_factory=list)

    def failed(self, began: float, now: float) -> bool:
        """Whether the model is dead."""
        if self.run and began - self.run[-1][1] > WINDOW:
            self.run.clear()
        self.run.append((began, now))
        lately = self.run[-FAILURES:]
        long = now - min(first for first, _ in self.run) >= LEAST
        return len(lately) == FAILURES and now - lately[0][1] <= WINDOW and long


@given(courses)
def test_a_model_rests_after_a_run_of_failures_and_never_without_one(
    course: list[tuple[float, float, bool]],
) -> None:
    breaker, told, now = WHOLE, Told(), 0.0
    for pause, length, fails in course:
        now += pause + length
        if not fails:
            breaker, told = breaker.answered(), Told()
            assert breaker == WHOLE
            continue
        breaker = breaker.failed(began=now - length, now=now)
        assert breaker.resting == told.failed(now - length, now)
        if breaker.resting:
            return


@given(st.lists(st.floats(0, LEAST - 0.01), min_size=1, max_size=200).map(sorted))
def test_trouble_of_a_moment_is_left_to_retries_however_many_chats_have_it(
    moments: list[float],
) -> None:
    breaker = WHOLE
    for now in moments:
        breaker = breaker.failed(began=0.0, now=now)
        assert not breaker.resting


@given(st.integers(0, 20), st.lists(st.floats(0, 1_000), max_size=5))
def test_rests_grow_to_a_bound_and_late_failures_do_not_lengthen_them(
    probes: int, late: list[float]
) -> None:
    breaker = Breaker(failures=(0.0,) * FAILURES, rest=5.0)
    lengths = []
    for _ in range(probes):
        for now in late:
            assert breaker.failed(began=now, now=now) is breaker
        lengths.append(breaker.rest)
        breaker = breaker.probed_in_vain()
    assert lengths == sorted(lengths)
    assert breaker.rest <= LONGEST_REST
    assert not breaker.answered().resting
