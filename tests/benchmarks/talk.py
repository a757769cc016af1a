"""What people do in a measurement, and what they saw of it. Times are the emulator's own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import median, quantiles
from typing import Any

from tests.benchmarks.probes import cpu_seconds
from tests.benchmarks.processes import Bench


class Missing(Exception):
    """Not every message has its answer."""


@dataclass(frozen=True)
class Quiet:
    """One chat, one message after the other. `delays` are in seconds, without the model's own."""

    delays: Sequence[float]
    cpu: float

    @property
    def cpu_each(self) -> float:
        return self.cpu / len(self.delays)

    @property
    def p50(self) -> float:
        return median(self.delays)

    @property
    def p99(self) -> float:
        return quantiles(self.delays, n=100, method="inclusive")[98]


@dataclass(frozen=True)
class Burst:
    """Many chats at once. `seconds`: from the first update to the last answer."""

    messages: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    @property
    def cpu_each(self) -> float:
        return self.cpu / self.messages


async def warm_up(bench: Bench, messages: int) -> None:
    """Let everything be loaded that only the first messages need."""
    await one_by_one(bench, await person(bench, "Early"), messages)


async def person(bench: Bench, name: str) -> Any:
    """Somebody new; returns their id."""
    return (await bench.people.call("user", name=name))["id"]


async def one_by_one(bench: Bench, user: Any, messages: int) -> Quiet:
    """Say something and wait for the answer, again and again. Raises `Missing`."""
    people = bench.people
    since = (await people.counters())["sent"]
    delays = []
    before = cpu_seconds(bench.pid)
    for number in range(messages):
        words = f"This is message number {number} of a long and quiet conversation."
        said = await people.call("say", user=user, text=words)
        answers = await people.sent(since + number, 1, bench.patience)
        if [answer["text"] for answer in answers] != [words]:
            raise Missing(f"message {number} was answered with {answers}")
        delays.append(answers[0]["at"] - said["at"])
    cpu = cpu_seconds(bench.pid) - before
    models = (await bench.model_seconds())[-messages:]
    return Quiet([d - m for d, m in zip_longest(delays, models, fillvalue=0.0)], cpu)


async def all_at_once(bench: Bench, chats: int, each: int) -> Burst:
    """`each` messages from every chat in one moment. Raises `Missing`."""
    people = bench.people
    since = (await people.counters())["sent"]
    users = [who["id"] for who in await people.call("users", name="Crowd", count=chats)]
    told = [{"user": user, "text": f"Word {n} of {user}"} for n in range(each) for user in users]
    before = cpu_seconds(bench.pid)
    said = await people.say_many(told)
    answers = await people.sent(since, len(told), bench.patience)
    cpu = cpu_seconds(bench.pid) - before
    wrong = Counter(one["text"] for one in told)
    wrong.subtract(answer["text"] for answer in answers)
    if any(wrong.values()):
        raise Missing(f"{sum(n for n in wrong.values() if n > 0)} of {len(told)} are not answered")
    return Burst(len(told), answers[-1]["at"] - said[0]["at"], cpu)
