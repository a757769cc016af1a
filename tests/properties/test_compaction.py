"""Any turns, any rules: a plan keeps order, whole turns and the newest, fits, and can be undone."""

from hypothesis import assume, given
from hypothesis import strategies as st

from state.compaction import Plan, Reason, Rules, Strategy, TurnSize, due, plan
from state.session import Context
from state.view import MOST_UNDO, apply, undone

SHARES = st.floats(0.01, 1, allow_nan=False)
RULES = st.builds(
    Rules,
    limit=st.integers(1, 5_000),
    threshold=SHARES,
    max_messages=st.just(0) | st.integers(1, 80),
    trigger_threshold=SHARES,
    strategy=st.sampled_from(Strategy),
    compact_ratio=SHARES,
    preserve_recent=st.integers(0, 40),
)
REASONS = st.sampled_from(Reason)
BESIDE = st.just(0) | st.integers(0, 2_000)


@st.composite
def turns(draw: st.DrawFn) -> list[TurnSize]:
    lengths = draw(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 4)), max_size=40))
    return [TurnSize(50 * at, *length) for at, length in enumerate(lengths)]


def fits(sizes: list[TurnSize], made: Plan, rules: Rules, beside: int) -> bool:
    left = sizes[made.leave :]
    tokens = sum(turn.tokens for turn in left) + beside + made.room
    return due(tokens, sum(turn.messages for turn in left), rules) is None


@given(turns(), RULES, REASONS, st.integers(0, 900), BESIDE)
def test_a_plan_takes_the_oldest_turns_and_summarises_the_newest_of_them(
    sizes: list[TurnSize], rules: Rules, reason: Reason, summary: int, beside: int
) -> None:
    made = plan(sizes, rules, reason, summary=summary, beside=beside)
    if made is None:
        return
    assert made.reason is reason
    assert 0 < made.leave <= len(sizes)
    assert 0 <= made.summarised <= made.leave
    assert made.room == 0 or made.summarised


@given(turns(), RULES, REASONS, st.integers(0, 900), BESIDE)
def test_after_a_plan_the_context_fits_or_only_the_newest_turn_is_left(
    sizes: list[TurnSize], rules: Rules, reason: Reason, summary: int, beside: int
) -> None:
    made = plan(sizes, rules, reason, summary=summary, beside=beside)
    if made is not None:
        assert made.leave >= len(sizes) - 1 or fits(sizes, made, rules, beside)


@given(turns(), RULES, st.integers(0, 900), BESIDE)
def test_planning_again_right_after_finds_nothing_due(
    sizes: list[TurnSize], rules: Rules, summary: int, beside: int
) -> None:
    tokens = sum(turn.tokens for turn in sizes) + summary + beside
    reason = due(tokens, sum(turn.messages for turn in sizes), rules)
    assume(reason is not None)
    assert reason is not None
    made = plan(sizes, rules, reason, summary=summary, beside=beside)
    if made is None:
        assert len(sizes) <= 1
    else:
        assert made.leave >= len(sizes) - 1 or fits(sizes, made, rules, beside)


@given(turns(), RULES, REASONS, st.integers(0, 900), BESIDE)
def test_a_compacted_context_is_shorter_than_it_was(
    sizes: list[TurnSize], rules: Rules, reason: Reason, summary: int, beside: int
) -> None:
    made = plan(sizes, rules, reason, summary=summary, beside=beside)
    if made is not None:
        gone = sum(turn.tokens for turn in sizes[: made.leave]) + summary
        assert made.room < gone or gone == made.room == 0


@given(turns(), RULES, REASONS)
def test_the_newest_messages_leave_only_where_the_rest_would_not_fit(
    sizes: list[TurnSize], rules: Rules, reason: Reason
) -> None:
    made = plan(sizes, rules, reason)
    if made is None:
        return
    preserved = sum(turn.messages for turn in sizes[made.leave :])
    if preserved >= rules.preserve_recent:
        return
    without_the_last = Plan(reason, made.leave - 1, 0, carries=False, room=0)
    reserved = rules.longest_summary if rules.summarises else 0
    counted = reason in (Reason.TOKENS, Reason.OVERFLOW) and made.leave == 1
    assert counted or not fits(sizes, without_the_last, rules, reserved)


@given(st.data(), turns(), RULES)
def test_undoing_restores_exactly_what_was_seen_before(
    data: st.DataObject, sizes: list[TurnSize], rules: Rules
) -> None:
    context = Context(start=0, limit=rules.limit)
    seen = []
    for number in range(data.draw(st.integers(0, 20))):
        made = plan(sizes, rules, data.draw(REASONS))
        if made is None:
            break
        seen.append((context.start, context.summary))
        summary = data.draw(st.none() | st.just(10_000 + number))
        context = apply(made, context, sizes, summary=summary, tokens=made.room)
        sizes = sizes[made.leave :]
    for start, summary in reversed(seen[-MOST_UNDO:]):
        back = undone(context)
        assert back is not None
        assert (back.start, back.summary) == (start, summary)
        context = back
    assert undone(context) is None
