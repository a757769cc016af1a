"""What is far too large or made to be slow: it is cut down or named, and holds nobody up."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import monotonic
from typing import Any

import orjson

from agents.models.model import ModelAnswer, ModelEvent, ModelRequest, TextDelta
from agents.transcript import UserSays
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram.faults import Answer
from tests.emulators.telegram.faults import Fault as Answers
from tests.faults.campaign.fault import Fault, Result, Trials, total
from tests.faults.soak.meter import Meter
from tests.flows.bot import bot
from tests.flows.stage import ScriptedModel

LAG = 0.2
"""Seconds that nothing may hold the loop."""

MEMORY = 200
"""Megabytes of more memory at most, at any moment: of the emulator and its record as well."""

IN_TIME = 60.0
GO_ON = "go on"
_PIECE = 4_000
_MB = 1_000_000

_SAID: Mapping[str, str] = {
    "a megabyte of words": "word " * (_MB // 5),
    "a million combining marks": "a" + "\u0301" * _MB,
    "a million line ends": "a\n" * (_MB // 2),
    "a hundred thousand brackets": "![" * 50_000,
    "brackets in a row": "[" * 99_999,
    "a table as wide as it is long": "|a" * 16_000 + "|\n" + "|-" * 16_000 + "|\n" + "|b" * 16_000,
    "quotes in quotes": ("> " * 40 + "x\n") * 1_200,
    "emphasis that never ends": "*a_b" * 25_000,
    "fences in a row": "```\n" * 25_000,
    "headings in a row": "# a\n" * 25_000,
    "characters of many parts": "👩‍👩‍👧‍👦" * 14_000,
    "directions and nothing": "\u202e\u200b\u2066" * 33_000,
}
"""What a model may say."""


def _told(**message: Any) -> dict[str, Any]:
    sender = {"id": 4711, "is_bot": False, "first_name": "Mallory"}
    chat = {"id": 4711, "type": "private", "first_name": "Mallory"}
    return {"message": {"message_id": 7, "date": 1_800_000_000, "chat": chat, "from": sender}
            | message}  # fmt: skip


def _deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"text": "deep"}
    for _ in range(levels):
        inner = {"reply_to_message": inner}
    return inner


_UPDATES: Mapping[str, dict[str, Any]] = {
    "an update of five megabytes": _told(text="x" * 5 * _MB),
    "an update with a million marks": _told(text="a" + "\u0301" * _MB),
    "an update with many entities": _told(
        text="x" * 50_000,
        entities=[{"type": "bold", "offset": n, "length": 1} for n in range(50_000)],
    ),
    "an update of many levels": _told(**_deep(200)),
    "an update with unheard-of fields": _told(text="hi", **{f"f{n}": n for n in range(50_000)}),
}
"""What a platform may tell."""

_ANSWERS: Mapping[str, Answer] = {
    "an answer of a million brackets": Answer(200, b"[" * _MB),
    "an answer of fifty megabytes": Answer(200, b" " * 50 * _MB),
}
"""What stands where a platform's API should be."""


@dataclass(frozen=True, slots=True)
class TooMuch:
    """Each trial: one such thing, and then somebody else is answered as ever."""

    name: str = "too much at once"
    trials: Trials = Trials(small=len(_SAID) + len(_UPDATES) + len(_ANSWERS), medium=40, all=200)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        kinds: list[tuple[str, Callable[[_Trial], Awaitable[None]]]] = [
            *(
                (what, lambda trial, text=text: trial.model_says(text))
                for what, text in _SAID.items()
            ),
            *(
                (what, lambda trial, raw=raw: trial.platform_tells(raw))
                for what, raw in _UPDATES.items()
            ),
            *(
                (what, lambda trial, raw=raw: trial.platform_answers(raw))
                for what, raw in _ANSWERS.items()
            ),
        ]
        random.Random(seed).shuffle(kinds)
        results, worst = [], 0.0
        for number in range(trials):
            what, happens = kinds[number % len(kinds)]
            trial = _Trial(what)
            await trial.run(happens, folder / str(number))
            results.append(Result(tried=1, acknowledged=1, broken=tuple(trial.broken)))
            worst = max(worst, trial.worst)
        return total(results) + Result(figures=(f"nothing held the loop for {1e3 * worst:.0f} ms",))


class Teller(ScriptedModel):
    """Says `text` to whoever asks it to go on, and echoes for everybody else."""

    text = ""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        asked = request.turn[-1]
        echo = isinstance(asked, UserSays) and asked.text != GO_ON
        said = f"echo: {asked.text}" if echo and isinstance(asked, UserSays) else self.text
        for at in range(0, len(said), _PIECE):
            # As from a wire: between two pieces everything else goes on.
            await asyncio.sleep(0)
            yield TextDelta(said[at : at + _PIECE])
        yield ModelAnswer(said)


class _Trial:
    def __init__(self, what: str) -> None:
        self._what = what
        self.broken: list[str] = []
        self.worst = 0.0

    async def run(self, happens: Callable[["_Trial"], Awaitable[None]], folder: Path) -> None:
        self.model = Teller()
        async with TelegramEmulator() as tg, bot(tg, folder, model=self.model):
            self.tg = tg
            self.somebody = tg.user("Somebody")
            await self._is_answered("before")
            before = peak()
            with Meter(LAG) as meter:
                await happens(self)
                await self._is_answered("after")
            self.worst = meter.worst
            grown = peak() - before
        if meter.worst > LAG:
            self._wrong(f"the loop was held: {meter.held}")
        if grown > MEMORY:
            self._wrong(f"{grown:.0f} MB more were in use")

    async def model_says(self, text: str) -> None:
        """Somebody is told it, whole or as it stands."""
        mallory = self.tg.user("Mallory")
        self.model.text = text
        await mallory.says(GO_ON)
        await self._is_answered("meanwhile")
        await self.tg.sent(mallory, 1, IN_TIME)

    async def platform_tells(self, raw: dict[str, Any]) -> None:
        """It is taken in or set aside, and acknowledged."""
        self.tg.push_raw(orjson.loads(orjson.dumps(raw)))
        await self.tg.drained(timeout=IN_TIME)

    async def platform_answers(self, answer: Answer) -> None:
        """It is no answer, and asked for again."""
        self.tg.faults.next("getUpdates", Answers(answer))

    async def _is_answered(self, words: str) -> None:
        began = monotonic()
        await self.somebody.says(words)
        (sent,) = await self.somebody.hears(timeout=IN_TIME)
        if words not in sent.text:
            self._wrong(f"{words}: {sent.text[:80]!r} was the answer")
        if monotonic() - began > IN_TIME / 2:
            self._wrong(f"{words}: an answer took {monotonic() - began:.0f} s")

    def _wrong(self, told: str) -> None:
        self.broken.append(f"{self._what}: {told}")


def peak() -> float:
    """The most megabytes that this process ever had in use."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


FAULTS: tuple[Fault, ...] = (TooMuch(),)
