"""The campaign: a sample of it, its arithmetic, and gateways that it must find out."""

import logging
import random
from pathlib import Path

import pytest

from state.store import Counts
from tests.acceptance.checker import Line, Record
from tests.acceptance.test_checker import GOOD, line
from tests.faults.campaign.chains import spread
from tests.faults.campaign.fault import Result, Size, Trials, total
from tests.faults.campaign.kills import KillAtACall
from tests.faults.campaign.refusals import CallThatFails
from tests.faults.campaign.rows import rows
from tests.faults.campaign.table import table
from tests.faults.forge.client import available
from tests.faults.forge.harm import Harm, harm_of


@pytest.fixture(autouse=True)
def _quiet_emulators(caplog: pytest.LogCaptureFixture) -> None:
    """That a client goes away in the middle of a call is what these tests are about."""
    caplog.set_level(logging.CRITICAL, "aiohttp.server")


def test_a_good_day_has_nothing_broken() -> None:
    judged = Result.of(GOOD, trial="one", ready=0.5)
    assert judged == Result(tried=1, acknowledged=3, ready=0.5)


def test_a_lost_and_a_repeated_message_are_counted_and_named() -> None:
    record = Record(
        said=GOOD.said,
        sent=[line("a", 1, 2), line("a", 1, 2.4), line("b", 3, 3)],
        kills=GOOD.kills,
        histories=GOOD.histories,
        counts=Counts(outcomes={"replied": 3}),
    )
    judged = Result.of(record, trial="one")
    assert (judged.lost, judged.wrongly, judged.repeated) == (1, 1, 0)
    assert all(each.startswith("one: ") for each in judged.broken)


def test_a_repeat_around_a_kill_is_allowed() -> None:
    record = Record(
        said=[Line("a", "say #1#", 0)],
        sent=[line("a", 1, 1), line("a", 1, 3)],
        kills=[2],
        histories={"one": b'[{"id":"q","role":"user","content":"say #1#"},'
                   b'{"id":"r","role":"assistant","content":"","re":["q"]}]'},
        counts=Counts(outcomes={"replied": 1}, repeated=1),
    )  # fmt: skip
    assert Result.of(record, trial="one") == Result(tried=1, acknowledged=1, repeated=1)


def test_results_add_up_and_the_slowest_start_is_kept() -> None:
    one = Result(tried=1, lost=2, ready=0.5, broken=("a",), figures=("f",))
    assert total([one, Result(tried=2, ready=1.5, figures=("f",))]) == Result(
        tried=3, lost=2, ready=1.5, broken=("a",), figures=("f",)
    )
    assert total([]) == Result()


def test_the_table_has_a_line_for_each_fault_and_says_what_was_broken() -> None:
    shown = table({"kill": Result(tried=3, acknowledged=9, ready=0.25), "full": Result(
        tried=1, lost=1, broken=("x",), figures=("2 calls",)
    )}).splitlines()  # fmt: skip
    assert [each.split() for each in shown[2:]] == [
        ["kill", "3", "9", "0", "0", "0", "0", "0.25", "kept"],
        ["full", "1", "0", "1", "0", "0", "0", "-", "1", "broken"],
        ["full:", "2", "calls"],
    ]


def test_few_trials_are_spread_over_all_kinds() -> None:
    kinds = {kind: [Harm((kind,), at) for at in range(1, 9)] for kind in "abc"}
    chosen = spread(kinds, 5, random.Random(1))
    assert [harm.calls[0] for harm in chosen] == ["a", "b", "c", "a", "b"]
    assert len(set(spread(kinds, 100, random.Random(1)))) == 24


def test_a_harm_is_the_same_on_both_sides() -> None:
    harm = Harm(("openat", "mkdir"), 3, 28, below="/x", while_="/y", writing=True)
    assert harm_of(harm.as_json()) == harm


def test_every_row_has_a_name_of_its_own_and_more_trials_the_larger_it_is() -> None:
    names = [fault.name for fault in rows()]
    assert len(set(names)) == len(names)
    for fault in rows():
        sizes = [fault.trials.of(size) for size in Size]
        assert sizes == sorted(sizes)
    assert Trials(1, 2, 3).of(Size.ALL) == 3


if available():

    @pytest.mark.timeout(120)
    async def test_a_gateway_that_is_killed_at_any_call_loses_nothing(tmp_path: Path) -> None:
        result = await sampled(KillAtACall(), tmp_path)
        assert result.tried >= 4, "hardly any of the calls was reached"
        assert result.acknowledged > 20
        assert (result.broken, result.lost, result.wrongly, result.reordered) == ((), 0, 0, 0)

    @pytest.mark.timeout(120)
    async def test_a_call_that_fails_loses_nothing_and_is_told_once(tmp_path: Path) -> None:
        result = await sampled(CallThatFails(), tmp_path)
        assert result.tried >= 2, "hardly any of the calls was reached"
        assert (result.broken, result.lost, result.wrongly, result.reordered) == ((), 0, 0, 0)

    @pytest.mark.slow
    @pytest.mark.timeout(3600)
    async def test_a_gateway_that_is_killed_at_every_call_loses_nothing(tmp_path: Path) -> None:
        result = await sampled(KillAtACall(), tmp_path, Size.ALL)
        assert result.tried > 1_000
        assert (result.broken, result.lost, result.wrongly, result.reordered) == ((), 0, 0, 0)

    @pytest.mark.slow
    @pytest.mark.timeout(3600)
    async def test_every_call_that_fails_loses_nothing_and_is_told_once(tmp_path: Path) -> None:
        result = await sampled(CallThatFails(), tmp_path, Size.ALL)
        assert result.tried > 500
        assert (result.broken, result.lost, result.wrongly, result.reordered) == ((), 0, 0, 0)

    @pytest.mark.slow
    @pytest.mark.timeout(900)
    @pytest.mark.parametrize(
        ("variant", "kinds"),
        [
            ("acknowledges-first", {"lost"}),
            ("knows-nothing-again", {"repeated"}),
            ("notes-no-attempt", {"silent"}),
            ("owes-afterwards", {"silent", "repeated"}),
        ],
    )
    async def test_a_gateway_that_breaks_a_promise_is_found_out_at_some_call(
        tmp_path: Path, variant: str, kinds: set[str]
    ) -> None:
        result = await KillAtACall(variant=variant).run(seed(), 60, tmp_path)
        assert any(f": {kind}: " in each for each in result.broken for kind in kinds), result


async def sampled(
    fault: KillAtACall | CallThatFails, folder: Path, size: Size = Size.SMALL
) -> Result:
    number = seed()
    print(f"SEED={number}")
    return await fault.run(number, fault.trials.of(size), folder)


def seed() -> int:
    """Another one each time: it is printed, and `make faults SEED=…` repeats it."""
    return random.randrange(10**6)
