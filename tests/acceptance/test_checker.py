"""The checker itself: it passes what is good, and names what is bad."""

import json
from dataclasses import replace

import pytest

from state.store import Counts
from tests.acceptance.checker import Line, Record, faults, word


def history(*numbers: int) -> bytes:
    entries = []
    for number in numbers:
        entries += [
            {"id": f"q{number}", "role": "user", "content": f"say {word(number)}"},
            {"id": f"a{number}", "role": "assistant", "content": "", "re": [f"q{number}"]},
        ]
    return json.dumps(entries).encode()


def line(chat: str, number: int, at: float) -> Line:
    return Line(chat, f"say {word(number)}", at)


GOOD = Record(
    said=[line("a", 1, 0), line("a", 2, 1), line("b", 3, 1)],
    sent=[line("a", 1, 2), line("b", 3, 3), line("a", 2, 4)],
    kills=[2.5],
    histories={"one": history(1, 2), "two": history(3)},
    counts=Counts(outcomes={"replied": 3}),
)


def kinds(record: Record) -> set[str]:
    return {fault.partition(":")[0] for fault in faults(record)}


def test_a_good_day_has_no_faults():
    assert faults(GOOD) == []


def test_a_repeat_around_a_kill_that_the_ledger_counts_is_no_fault():
    sent = [*GOOD.sent[:1], line("a", 1, 2.6), *GOOD.sent[1:]]
    counts = replace(GOOD.counts, repeated=1)
    assert faults(replace(GOOD, sent=sent, counts=counts)) == []


def test_a_repeat_where_the_platform_allows_none_is_named():
    sent = [*GOOD.sent[:1], line("a", 1, 2.6), *GOOD.sent[1:]]
    record = replace(GOOD, sent=sent, counts=replace(GOOD.counts, repeated=1))
    assert kinds(replace(record, once=("a",))) == {"repeated"}
    assert faults(replace(record, once=("b",))) == []


def test_an_answer_to_several_messages_answers_each() -> None:
    together = Line("a", f"say {word(1)}\nsay {word(2)}", 2)
    assert faults(replace(GOOD, sent=[together, line("b", 3, 3)])) == []


def test_an_answer_that_comes_alone_and_with_others_is_named() -> None:
    together = Line("a", f"say {word(1)}\nsay {word(2)}", 3)
    record = replace(GOOD, sent=[line("a", 1, 2), together, line("b", 3, 3)])
    assert kinds(record) == {"repeated"}


def test_a_part_of_an_answer_is_none() -> None:
    said = [*GOOD.said[:1], Line("a", f"say {word(2)} to the end", 1), GOOD.said[2]]
    assert kinds(replace(GOOD, said=said)) == {"lost", "left"}


@pytest.mark.parametrize(
    ("once", "at", "kind"), [((), 2.4, set()), (("a",), 2.4, {"left"}), ((), 2.6, {"left"})]
)
def test_a_part_of_an_answer_stays_only_where_a_kill_left_it(
    once: tuple[str, ...], at: float, kind: set[str]
) -> None:
    said = [*GOOD.said[:1], Line("a", f"say {word(2)} to the end", 1), GOOD.said[2]]
    whole = Line("a", f"say {word(2)} to the end", 4)
    sent = [GOOD.sent[0], replace(line("a", 2, 0), at=at), GOOD.sent[1], whole]
    assert kinds(replace(GOOD, said=said, sent=sent, once=once)) == kind


@pytest.mark.parametrize(
    ("sent", "repeated", "kind"),
    [
        ([line("a", 1, 2), line("b", 3, 3)], 0, "lost"),
        ([line("a", 2, 2), line("a", 1, 3), line("b", 3, 3)], 0, "reordered"),
        ([*GOOD.sent, line("a", 2, 5)], 1, "repeated"),
        ([line("a", 1, 2), *GOOD.sent[:1], *GOOD.sent[1:]], 1, "repeated"),
        ([*GOOD.sent[:1], line("a", 1, 2.6), *GOOD.sent[1:]], 0, "silent"),
        ([*GOOD.sent, line("b", 1, 5)], 0, "crossed"),
        ([*GOOD.sent, Line("b", "Something went wrong", 5)], 0, "strange"),
        ([*GOOD.sent, line("b", 99, 5)], 0, "strange"),
    ],
)
def test_what_people_should_not_see_is_named(sent: list[Line], repeated: int, kind: str):
    record = replace(GOOD, sent=sent, counts=replace(GOOD.counts, repeated=repeated))
    assert kinds(record) == {kind}


def test_every_repeat_of_an_answer_must_be_known():
    sent = [line("a", 1, at) for at in (1, 3, 5)] + [line("a", 2, 6), line("b", 3, 6)]
    twice = replace(GOOD, sent=sent, kills=[2, 4], counts=replace(GOOD.counts, repeated=2))
    assert faults(twice) == []
    assert kinds(replace(twice, counts=replace(GOOD.counts, repeated=1))) == {"silent"}


def test_more_repeats_in_a_chat_than_kills_are_named():
    sent = [line("a", 1, 2), line("a", 2, 2), line("a", 1, 3), line("a", 2, 3), line("b", 3, 3)]
    record = replace(GOOD, sent=sent, counts=replace(GOOD.counts, repeated=2))
    assert kinds(record) == {"repeated"}


@pytest.mark.parametrize(
    ("histories", "kind"),
    [
        ({"one": history(1, 2)[:-1], "two": history(3)}, "unreadable"),
        ({"one": b"{}", "two": history(3)}, "misremembered"),
        ({"one": b"[1]", "two": history(3)}, "unreadable"),
        ({"one": history(1), "two": history(3)}, "misremembered"),
        ({"one": history(2, 1), "two": history(3)}, "misremembered"),
        ({"one": history(1, 2), "two": history(3, 3)}, "finished 2 times"),
        ({"one": history(1, 2, 3), "two": history()}, "mixed"),
    ],
)
def test_what_should_not_be_on_the_disk_is_named(histories: dict[str, bytes], kind: str):
    assert kind in kinds(replace(GOOD, histories=histories))


def test_a_message_that_was_never_finished_is_named():
    entries = json.loads(history(1, 2))
    entries[3]["re"] = []
    histories = GOOD.histories | {"one": json.dumps(entries).encode()}
    assert kinds(replace(GOOD, histories=histories)) == {"finished 0 times"}


@pytest.mark.parametrize(
    ("counts", "kind"),
    [
        (Counts(pending=1, outcomes={"replied": 3}), "unfinished"),
        (Counts(owed=1, outcomes={"replied": 3}), "unfinished"),
        (Counts(outcomes={"replied": 2, "failed": 1}), "miscounted"),
        (Counts(outcomes={"replied": 4}), "miscounted"),
    ],
)
def test_a_ledger_that_disagrees_is_named(counts: Counts, kind: str):
    assert kinds(replace(GOOD, counts=counts)) == {kind}
