"""Many chats that write within a few seconds: when each was acknowledged, and when answered."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.benchmarks.probes import cpu_seconds, peak_megabytes
from tests.benchmarks.processes import Bench, argent
from tests.benchmarks.table import Figure
from tests.benchmarks.talk import Missing, warm_up

THINKS = 0.05
_STEPS = 100
_WARM = 20


@dataclass(frozen=True)
class Rush:
    """Times are of one clock: when each message was said, confirmed to the platform, answered."""

    said: Sequence[float]
    confirmed: Sequence[float]
    answered: Sequence[float]
    peak: float
    """The most memory in use, in MB."""
    cpu: float

    @property
    def durable(self) -> float:
        """Seconds from the first message until all were acknowledged."""
        return max(self.confirmed) - self.said[0]

    @property
    def acknowledged(self) -> Sequence[float]:
        """Seconds until each was acknowledged."""
        return [then - at for at, then in zip(self.said, self.confirmed, strict=True)]

    @property
    def all_answered(self) -> float:
        """Seconds from the first message until the last answer."""
        return max(self.answered) - self.said[0]

    @property
    def unfair(self) -> float:
        """How many times longer the unluckiest chat waited than most that wrote when it did.

        The chats of each hundredth of the time are compared; waits below a tenth of a second are
        nobody's bad luck.
        """
        waits = [then - at for at, then in zip(self.said, self.answered, strict=True)]
        size = max(len(waits) // _STEPS, 2)
        edges = [*range(0, len(waits), size), len(waits)]
        slices = [waits[first:end] for first, end in pairwise(edges) if end > first]
        return max(max(each) / max(median(each), 0.1) for each in slices)


async def poured(bench: Bench, chats: int, seconds: float) -> Rush:
    """One message from each of so many chats, evenly within these seconds. Raises `Missing`."""
    people = bench.people
    before = await people.counters()
    users = [who["id"] for who in await people.call("users", name="Rush", count=chats)]
    told = [{"user": user, "text": f"Word of {user}"} for user in users]
    spent = cpu_seconds(bench.pid)
    said = await _said(bench, told, seconds)
    answers = await people.sent(before["sent"], chats, bench.patience)
    wrong = Counter(one["text"] for one in told)
    wrong.subtract(answer["text"] for answer in answers)
    if any(wrong.values()):
        raise Missing(f"{sum(n for n in wrong.values() if n > 0)} of {chats} are not answered")
    at = {answer["text"]: answer["at"] for answer in answers}
    await people.call("drained")
    return Rush(
        said=said,
        confirmed=(await people.call("confirmed", since=before["updates"]))[:chats],
        answered=[at[one["text"]] for one in told],
        peak=peak_megabytes(bench.pid),
        cpu=cpu_seconds(bench.pid) - spent,
    )


async def _said(bench: Bench, told: Sequence[dict[str, Any]], seconds: float) -> list[float]:
    """A hundredth at a time; returns when each was said."""
    loop = asyncio.get_running_loop()
    began, size, said = loop.time(), max(len(told) // _STEPS, 1), []
    for first in range(0, len(told), size):
        due = began + seconds * first / len(told)
        await asyncio.sleep(due - loop.time())
        said += await bench.people.say_many(list(told[first : first + size]))
    return [one["at"] for one in said]


async def of_a_rush(folder: Path, chats: int, seconds: float) -> list[Figure]:
    """A rush on a gateway that is warm, with a model that thinks for 50 ms."""
    async with argent(folder, thinks=THINKS) as bench:
        await warm_up(bench, _WARM)
        rush = await poured(bench, chats, seconds)
    acknowledged = sorted(rush.acknowledged)
    name = f"{chats:,} chats in {seconds:g} s"
    return [
        Figure(f"{name}, all durable", "s", [rush.durable], "<= 12"),
        Figure("acknowledged, p50", "ms", [1e3 * median(acknowledged)]),
        Figure("acknowledged, p99", "ms", [1e3 * quantiles(acknowledged, n=100)[98]], "<= 250"),
        Figure("all answered", "s", [rush.all_answered], "<= 60"),
        Figure("the unluckiest chat's wait", "x", [rush.unfair], "<= 2"),
        Figure("most memory in use", "MB", [rush.peak], "<= 300"),
        Figure("CPU per message", "ms", [1e3 * rush.cpu / chats]),
    ]
