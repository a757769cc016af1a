"""A state folder that was filled for years: what its many idle sessions cost."""

import asyncio
import time
from pathlib import Path

from tests.benchmarks.probes import cpu_seconds, megabytes_read, resident_megabytes
from tests.benchmarks.processes import Bench, argent, seconds_of
from tests.benchmarks.stored import OLDEST_USER, RARE, settle, write_hoard
from tests.benchmarks.table import Figure
from tests.benchmarks.talk import Missing, one_by_one, person

_ASKED = {
    "sessions list": (("sessions", "list"), "<= 0.4"),
    "sessions list --state idle": (("sessions", "list", "--state", "idle"), "<= 0.4"),
    "sessions list --all": (("sessions", "list", "--all"), ""),
    "sessions info": (("sessions", "info", f"bot:{OLDEST_USER + 1}:dm"), "<= 0.4"),
    "sessions search": (("sessions", "search", RARE), "<= 1"),
    "status": (("status",), "<= 0.5"),
}
"""What an operator asks while the gateway runs, and the seconds it may take."""


async def of_idle_sessions(
    folder: Path, sessions: int, turns: int, *, starts: int, rest: float
) -> list[Figure]:
    """Start a gateway on them, and one on nothing beside it; look at both while they rest."""
    state = folder / "hoard"
    await asyncio.to_thread(write_hoard, state, sessions, turns)
    began = time.perf_counter()
    await settle(state)
    figures = [
        Figure("idle sessions on disk", "", [sessions]),
        Figure("their indexes made anew", "s", [time.perf_counter() - began]),
    ]
    begun, read = [], []
    for _ in range(starts):
        async with argent(folder, state=state) as bench:
            await _started(bench)
            begun.append(bench.connected)
            read.append(megabytes_read(bench.pid))
    async with argent(folder) as empty, argent(folder, state=state) as full:
        await asyncio.gather(_started(empty), _started(full))
        figures += [
            Figure("cold start to first poll", "s", begun, "<= 2", empty.connected),
            Figure("read until then", "MB", read, "", megabytes_read(empty.pid)),
            *await _resting(full, empty, sessions, rest),
            await _woken(full),
        ]
        for name, (arguments, most) in _ASKED.items():
            seconds = [await seconds_of(folder, state, *arguments) for _ in range(starts)]
            figures.append(Figure(f"argent {name}", "s", seconds, most))
    return figures


async def _started(bench: Bench) -> None:
    """The second poll is the proof that all of the start is done."""
    await bench.people.call("called", method="getUpdates", count=2)


async def _resting(full: Bench, empty: Bench, sessions: int, rest: float) -> list[Figure]:
    more = resident_megabytes(full.pid) - resident_megabytes(empty.pid)
    before = cpu_seconds(full.pid), cpu_seconds(empty.pid)
    await asyncio.sleep(rest)
    cpu, floor = cpu_seconds(full.pid) - before[0], cpu_seconds(empty.pid) - before[1]
    return [
        Figure("more memory for each idle session", "bytes", [1e6 * more / sessions], "<= 1,024"),
        Figure(f"CPU in {rest:g} s of rest", "ms", [1e3 * cpu], "", 1e3 * floor),
    ]


async def _woken(bench: Bench) -> Figure:
    """The first message to a session that rested, beside the next one to it. Raises `Missing`."""
    if await person(bench, "Ada") != OLDEST_USER:
        raise Missing("the emulator's first person is not whom the first session is of")
    # What only a gateway's first message needs is not about the session.
    await one_by_one(bench, await person(bench, "Early"), 1)
    first, later = [await one_by_one(bench, OLDEST_USER, 1) for _ in range(2)]
    return Figure("first message to an old session", "ms", [1e3 * first.p50], "", 1e3 * later.p50)
