"""Search: how large and how slow to make, how fast to ask, and what each message pays for it."""

import asyncio
import random
import time
from datetime import timedelta
from pathlib import Path

from state.files import State, open_state
from state.files.layout import HISTORY, Layout
from state.files.search.catching_up import catch_up
from state.files.search.finding import find
from state.files.search.query import Query
from tests.benchmarks.stored import RARE, sentences, talk, write_session
from tests.benchmarks.table import Figure
from tests.contracts.examples import NOON, after, session, turn

_ONES = 32
"""Messages between two looks at the clock: both kinds of run meet the same noise."""

QUESTIONS = {
    "a rare word": RARE,
    "two words": "w7 w90",
    "a word that most entries have": "w0",
    "a phrase": '"w0 w1"',
    "a beginning": "w12*",
}


def write_histories(root: Path, sessions: int, turns: int) -> int:
    """A folder of conversations, written as the store would have; how many entries they have."""
    layout = Layout(root)
    layout.make()
    said = sentences(random.Random(4))
    for number in range(sessions):
        facts = session(str(10_000_000 + number), at=NOON + timedelta(seconds=number))
        first = f"{next(said)} {RARE}" if number == sessions // 2 else next(said)
        write_session(layout, facts, talk(said, turns, first=first, at=facts.created_at))
    return sessions * turns * 2


async def of_everything(root: Path, sessions: int, turns: int, runs: int) -> list[Figure]:
    """Make the index of a folder, and ask it."""
    layout = Layout(root)
    entries = await asyncio.to_thread(write_histories, root, sessions, turns)
    words = sum(path.stat().st_size for path in layout.sessions.glob(f"*/{HISTORY}"))
    began = time.perf_counter()
    await asyncio.to_thread(catch_up, layout)
    built = time.perf_counter() - began
    size = layout.search.stat().st_size
    figures = [
        Figure("sessions on disk", "", [sessions]),
        Figure("entries", "", [entries]),
        Figure("their histories", "MB", [words / 1e6]),
        Figure("search.db", "MB", [size / 1e6]),
        Figure("made in", "s", [built]),
    ]
    for name, text in QUESTIONS.items():
        query = Query.parse(text)
        seconds = []
        for _ in range(max(runs, 3)):
            began = time.perf_counter()
            find(layout, query)
            seconds.append(time.perf_counter() - began)
        figures.append(Figure(f"search for {name}", "ms", [1e3 * s for s in seconds], "<= 1000"))
    return figures


async def per_message(root: Path, messages: int, runs: int) -> list[Figure]:
    """CPU of the whole process for each stored turn, with and without the index, in turn."""
    without = await open_state(root / "without")
    indexed = await open_state(root / "indexed")
    indexed.search.start()
    await indexed.search.caught_up()
    more, told = [], []
    try:
        for run in range(runs):
            plain = cpu = 0.0
            for first in range(0, messages, _ONES):
                some = range(first, first + _ONES)
                plain += await _talk(without, run, some)
                cpu += await _talk(indexed, run, some)
            began = time.process_time()
            await indexed.search.caught_up()
            cpu += time.process_time() - began
            count = len(range(0, messages, _ONES)) * _ONES
            more.append(max(0.0, (cpu - plain) / count))
            told.append(_seconds_to_tell(indexed))
    finally:
        await without.close()
        await indexed.close()
    return [
        Figure("CPU per message of telling the index", "us", [1e6 * s for s in told], "<= 100"),
        Figure("the same, and of indexing it later", "us", [1e6 * s for s in more]),
    ]


async def _talk(state: State, run: int, turns: range) -> float:
    facts = session(str(run))
    began = time.process_time()
    for number in turns:
        entries = turn(number + 1, asks="How deep is the harbour?", answers="Twelve metres.")
        facts = after(facts, entries)
        await state.sessions.append(facts, entries)
    return time.process_time() - began


def _seconds_to_tell(state: State) -> float:
    name, times = session().id, 10_000
    began = time.process_time()
    for _ in range(times):
        state.search.changed(name)
    return (time.process_time() - began) / times
