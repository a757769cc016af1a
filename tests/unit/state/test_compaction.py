"""When a context is due, and what leaves it: the seeds' own figures, and each strategy."""

from dataclasses import replace

import pytest

from state.compaction import Plan, Reason, Rules, Strategy, TurnSize, due, plan

FIFTY = Rules(limit=180_000, max_messages=50)
SMALL = Rules(limit=10_000)


def turns(count: int, *, tokens: int = 400, messages: int = 2) -> list[TurnSize]:
    return [TurnSize(100 * number, tokens, messages) for number in range(count)]


def left(sizes: list[TurnSize], made: Plan) -> int:
    return sum(turn.tokens for turn in sizes[made.leave :])


def test_of_fifty_messages_the_thirty_eighth_makes_a_context_due() -> None:
    assert due(1_000, 37, FIFTY) is None
    assert due(1_000, 38, FIFTY) is Reason.MESSAGES


def test_the_oldest_twenty_messages_are_summarised_and_the_rest_stays() -> None:
    made = plan(turns(19), FIFTY, Reason.MESSAGES)
    assert made is not None
    assert (made.leave, made.summarised, made.carries) == (10, 10, True)


def test_a_summary_of_eight_thousand_tokens_may_be_a_twentieth_of_them() -> None:
    made = plan(turns(19, tokens=800), FIFTY, Reason.MESSAGES)
    assert made is not None
    assert made.room == 440


def test_the_newest_ten_messages_stay_as_they_were_said() -> None:
    rules = replace(FIFTY, compact_ratio=1.0)
    made = plan(turns(19), rules, Reason.MESSAGES)
    assert made is not None
    assert made.leave == 14


def test_a_turn_that_holds_a_preserved_message_stays_whole() -> None:
    made = plan(turns(8, messages=3), replace(SMALL, preserve_recent=10), Reason.ASKED)
    assert made is not None
    assert made.leave == 4


def test_a_threshold_of_a_round_share_is_not_missed_by_a_fraction() -> None:
    assert Rules(1_000, max_messages=50, trigger_threshold=0.7).trigger == 35


def test_a_context_is_due_at_its_share_of_the_limit() -> None:
    assert due(8_499, 900, SMALL) is None
    assert due(8_500, 2, SMALL) is Reason.TOKENS


def test_a_full_context_comes_down_well_below_its_threshold() -> None:
    sizes = turns(22)
    made = plan(sizes, SMALL, Reason.TOKENS)
    assert made is not None
    assert left(sizes, made) + made.room <= SMALL.target


def test_what_is_to_be_kept_word_for_word_gives_way_where_it_does_not_fit() -> None:
    sizes = turns(6, tokens=2_000)
    made = plan(sizes, SMALL, Reason.TOKENS)
    assert made is not None
    assert left(sizes, made) + made.room < SMALL.most
    assert made.leave == 3


def test_room_is_kept_for_what_else_the_model_is_shown() -> None:
    made = plan(turns(22), SMALL, Reason.TOKENS, beside=6_000)
    assert made is not None
    assert left(turns(22), made) + made.room + 6_000 < SMALL.most


def test_who_asks_gets_everything_summarised_but_the_newest() -> None:
    made = plan(turns(30), FIFTY, Reason.ASKED)
    assert made is not None
    assert made.leave == 25
    assert plan(turns(30)[made.leave :], FIFTY, Reason.ASKED, summary=made.room) is None


def test_an_overflow_takes_at_least_one_turn_whatever_was_counted() -> None:
    made = plan(turns(2), FIFTY, Reason.OVERFLOW)
    assert made is not None
    assert made.leave == 1


def test_a_context_of_exactly_its_threshold_would_be_due_again() -> None:
    sizes = [TurnSize(0, 1_000), TurnSize(100, 4_250), TurnSize(200, 4_250)]
    made = plan(sizes, replace(SMALL, strategy=Strategy.SLIDING), Reason.TOKENS)
    assert made is not None
    assert made.leave == 2


def test_a_summary_is_shorter_than_what_it_replaces_however_short_that_is() -> None:
    made = plan(turns(10, tokens=10), SMALL, Reason.ASKED)
    assert made is not None
    assert (made.leave, made.room) == (5, 49)


def test_nothing_leaves_where_there_is_nothing() -> None:
    assert plan([], SMALL, Reason.TOKENS) is None
    assert plan(turns(1), SMALL, Reason.OVERFLOW) is None


def test_the_newest_turn_stays_though_it_is_longer_than_the_threshold() -> None:
    sizes = [*turns(3), TurnSize(900, 8_800)]
    made = plan(sizes, SMALL, Reason.TOKENS)
    assert made is not None
    assert made.leave == 3
    assert made.room > 0


@pytest.mark.parametrize("strategy", Strategy)
def test_a_turn_longer_than_the_model_leaves_and_is_summarised_whatever_the_strategy(
    strategy: Strategy,
) -> None:
    sizes = [*turns(3), TurnSize(900, 30_000)]
    made = plan(sizes, replace(SMALL, strategy=strategy), Reason.OVERFLOW, beside=100)
    assert made is not None
    assert made.leave == 4
    assert made.summarised > 0
    assert 0 < made.room <= SMALL.longest_summary


def test_summaries_grow_by_a_share_of_what_they_take_in_up_to_a_bound() -> None:
    rules = replace(SMALL, limit=16_000)
    rooms = []
    summary = 0
    for _ in range(20):
        made = plan(turns(30), rules, Reason.TOKENS, summary=summary)
        assert made is not None
        summary = made.room
        rooms.append(summary)
    assert rooms == sorted(rooms)
    assert rooms[0] < rooms[1] < rooms[-1] == rules.longest_summary == 1_000


def test_truncating_puts_nothing_in_the_place_of_what_leaves() -> None:
    rules = replace(FIFTY, strategy=Strategy.TRUNCATE)
    made = plan(turns(19), rules, Reason.MESSAGES, summary=80)
    assert made == Plan(Reason.MESSAGES, leave=10, summarised=0, carries=False, room=0)


def test_sliding_drops_no_more_than_has_to_leave() -> None:
    rules = replace(FIFTY, strategy=Strategy.SLIDING)
    made = plan(turns(19), rules, Reason.MESSAGES)
    assert made is not None
    assert (made.leave, made.summarised) == (1, 0)


def test_a_hybrid_forgets_the_older_half_and_summarises_the_newer_one() -> None:
    rules = replace(FIFTY, strategy=Strategy.HYBRID)
    made = plan(turns(19), rules, Reason.MESSAGES, summary=300)
    assert made is not None
    assert (made.leave, made.summarised, made.carries) == (10, 5, False)
