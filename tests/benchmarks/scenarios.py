"""What is measured, one scenario after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agents.sandbox.kept import KeptSandbox
from state.files import open_state
from state.keys import SessionKey, SessionType
from state.session import Session
from tests.benchmarks.commands import of_files, of_sandboxes
from tests.benchmarks.compaction import of_twenty_messages
from tests.benchmarks.hoard import of_idle_sessions
from tests.benchmarks.probes import resident_megabytes, syncs
from tests.benchmarks.processes import argent, can_trace, echo_bot, seconds_of
from tests.benchmarks.rush import of_a_rush
from tests.benchmarks.searching import of_everything, per_message
from tests.benchmarks.table import Figure
from tests.benchmarks.talk import Burst, Quiet, all_at_once, one_by_one, person, warm_up

_BULK = 1_000


@dataclass(frozen=True)
class Sizes:
    """How much is done. The defaults are what the targets are about."""

    runs: int = 3
    warm: int = 20
    starts: int = 7
    quiet: int = 300
    chats: int = 500
    each: int = 2
    long: int = 5_000
    window: int = 100
    crowd: int = 1_000
    rush: int = 10_000
    within: float = 10.0
    sessions: int = 10_000
    histories: int = 100_000
    turns: int = 5
    commands: int = 60
    rest: float = 60.0


async def quiet(folder: Path, sizes: Sizes, platform: str = "telegram") -> list[Figure]:
    """One chat, one message after the other."""
    ours, floor = [], []
    for subject, results in ((echo_bot, floor), (argent, ours)) * sizes.runs:
        async with subject(folder, platform) as bench:
            await warm_up(bench, sizes.warm)
            results.append(await one_by_one(bench, await person(bench, "Ada"), sizes.quiet))
    least = min(floor, key=lambda run: run.p50)
    return [
        *_cpu("quiet", ours, least),
        Figure("added latency, p50", "ms", [1e3 * run.p50 for run in ours], "<= 10",
               1e3 * least.p50),
        Figure("added latency, p99", "ms", [1e3 * run.p99 for run in ours], "<= 40",
               1e3 * least.p99),
    ]  # fmt: skip


async def burst(folder: Path, sizes: Sizes, platform: str = "telegram") -> list[Figure]:
    """Many chats at once."""
    ours, floor = [], []
    for subject, results in ((echo_bot, floor), (argent, ours)) * sizes.runs:
        async with subject(folder, platform) as bench:
            await warm_up(bench, sizes.warm)
            results.append(await all_at_once(bench, sizes.chats, sizes.each))
    most = max(floor, key=lambda run: run.rate)
    return [
        *_cpu("burst", ours, most),
        Figure(f"replies, {sizes.chats} chats x {sizes.each} at once", "/s",
               [run.rate for run in ours], ">= 250", most.rate),
    ]  # fmt: skip


async def discord(folder: Path, sizes: Sizes) -> list[Figure]:
    """`quiet` and `burst` on Discord, beside a bare discord.py bot."""
    return await _all_of("discord", folder, sizes)


async def slack(folder: Path, sizes: Sizes) -> list[Figure]:
    """`quiet` and `burst` on Slack (Socket Mode), beside a bare slack-bolt app."""
    return await _all_of("slack", folder, sizes)


async def _all_of(platform: str, folder: Path, sizes: Sizes) -> list[Figure]:
    figures = [*await quiet(folder, sizes, platform), *await burst(folder, sizes, platform)]
    return [replace(each, name=f"{platform}: {each.name}") for each in figures]


def _cpu(kind: str, ours: Sequence[Quiet | Burst], floor: Quiet | Burst) -> list[Figure]:
    """What a message costs, and what Argent adds to what the library costs."""
    values, least = [1e3 * run.cpu_each for run in ours], 1e3 * floor.cpu_each
    return [
        Figure(f"CPU per message, {kind}", "ms", values, "<= 5", least),
        Figure(f"CPU per message, {kind}, added", "ms", [value - least for value in values]),
    ]


async def long(folder: Path, sizes: Sizes) -> list[Figure]:
    """A long chat's messages beside a fresh chat's, in turn: the machine's speed drifts."""
    async with argent(folder) as bench:
        await warm_up(bench, sizes.warm)
        user = await person(bench, "Ada")
        windows = [
            await one_by_one(bench, user, sizes.window) for _ in range(sizes.long // sizes.window)
        ]
        cpu, latency = [], []
        for number in range(sizes.runs):
            fresh = await person(bench, f"Fresh {number}")
            short = await one_by_one(bench, fresh, sizes.window)
            last = await one_by_one(bench, user, sizes.window)
            cpu.append(last.cpu_each / short.cpu_each)
            latency.append(last.p50 / short.p50)
    name = f"message {sizes.long:,} against message 5"
    return [
        Figure(f"{name}, CPU", "x", cpu, "<= 1.2"),
        Figure(f"{name}, latency", "x", latency, "<= 1.2"),
        Figure("CPU per message, whole chat", "ms", [1e3 * each.cpu_each for each in windows]),
    ]


async def start(folder: Path, sizes: Sizes) -> list[Figure]:
    """From nothing to the first getUpdates."""
    seconds = []
    for _ in range(sizes.starts):
        async with argent(folder) as bench:
            seconds.append(bench.connected)
    async with echo_bot(folder) as floor:
        return [Figure("cold start to first poll", "s", seconds, "<= 1", floor.connected)]


async def memory(folder: Path, sizes: Sizes) -> list[Figure]:
    """Resident memory, fresh and after a crowd."""
    fresh, more = [], []
    for _ in range(sizes.runs):
        async with argent(folder) as bench:
            # The second poll is the proof that all of the start is done.
            await bench.people.call("called", method="getUpdates", count=2)
            before = resident_megabytes(bench.pid)
            await all_at_once(bench, sizes.crowd, 1)
            fresh.append(before)
            more.append(resident_megabytes(bench.pid) - before)
    async with echo_bot(folder) as floor:
        least = resident_megabytes(floor.pid)
    return [
        Figure("resident memory at start", "MB", fresh, "<= 90", least),
        Figure(f"more after {sizes.crowd:,} chats", "MB", more, "<= 15"),
    ]


async def cli(folder: Path, sizes: Sizes) -> list[Figure]:
    """Commands as their callers wait for them."""
    state = folder / "many"
    await _fill(state, sizes.sessions)

    async def seconds(*arguments: str) -> list[float]:
        return [await seconds_of(folder, state, *arguments) for _ in range(sizes.starts)]

    listing = f"argent sessions list, {sizes.sessions:,} sessions"
    return [
        Figure("argent --version", "s", await seconds("--version"), "<= 0.15"),
        Figure("argent --help", "s", await seconds("--help")),
        Figure(listing, "s", await seconds("sessions", "list"), "<= 0.4"),
        Figure("the same with --json", "s", await seconds("sessions", "list", "--json")),
    ]


async def fsync(folder: Path, sizes: Sizes) -> list[Figure]:
    """Flushes, counted by strace until the gateway has stopped: what is put off counts, too."""
    if not can_trace(folder):
        print("fsync: not counted, strace is missing or may not trace\n")
        return []
    name = "flushes per message"
    trace = folder / "alone"
    async with argent(folder, trace=trace) as bench:
        await warm_up(bench, sizes.warm)
        before = syncs(trace)
        await one_by_one(bench, await person(bench, "Ada"), sizes.quiet)
    alone = (syncs(trace) - before) / sizes.quiet
    trace = folder / "load"
    async with argent(folder, trace=trace) as bench:
        await warm_up(bench, sizes.warm)
        before = syncs(trace)
        load = await all_at_once(bench, sizes.chats, sizes.each)
    return [
        Figure(f"{name}, alone", "", [alone]),
        Figure(f"{name}, under load", "", [(syncs(trace) - before) / load.messages]),
    ]


async def search(folder: Path, sizes: Sizes) -> list[Figure]:
    """Search over everything that was said."""
    return [
        *await of_everything(folder / "said", sizes.histories, sizes.turns, sizes.runs),
        *await per_message(folder, sizes.quiet, sizes.runs),
    ]


async def hoard(folder: Path, sizes: Sizes) -> list[Figure]:
    """A folder with many idle sessions."""
    return await of_idle_sessions(
        folder, sizes.histories, sizes.turns, starts=sizes.runs, rest=sizes.rest
    )


async def rush(folder: Path, sizes: Sizes) -> list[Figure]:
    """More chats than can be answered at once, and a model that takes its time."""
    return await of_a_rush(folder, sizes.rush, sizes.within)


async def compaction(_folder: Path, _sizes: Sizes) -> list[Figure]:
    """What a summary saves, and what it costs."""
    return await of_twenty_messages()


async def _fill(folder: Path, sessions: int) -> None:
    """A state folder with so many sessions, made through its store."""
    now = datetime.now(UTC)
    made = [
        Session.begin(
            SessionKey("telegram", str(500_000_000 + n), SessionType.DM),
            agent="main",
            at=now - timedelta(seconds=n),
        )
        for n in range(sessions)
    ]
    state = await open_state(folder)
    try:
        for first in range(0, sessions, _BULK):
            some = made[first : first + _BULK]
            await asyncio.gather(*(state.sessions.create(session) for session in some))
            await state.ledger.index(*some)
    finally:
        await state.close()


async def sandbox(folder: Path, sizes: Sizes) -> list[Figure]:
    """Commands in every sandbox of this machine, and in none; files of a workspace."""
    boxes = await asyncio.to_thread(_sandboxes)
    return [
        *await of_sandboxes(folder, sizes.commands, boxes),
        *await of_files(folder, sizes.commands),
    ]


def _sandboxes() -> dict[str, KeptSandbox]:
    # They are tried on import, in a loop of their own.
    from tests.attacks import backends

    return {name: backends.sandbox(name) for name in (*backends.PRESENT, "none")}


SCENARIOS: Mapping[str, Callable[[Path, Sizes], Awaitable[list[Figure]]]] = {
    "quiet": quiet,
    "burst": burst,
    "long": long,
    "start": start,
    "memory": memory,
    "cli": cli,
    "fsync": fsync,
    "search": search,
    "hoard": hoard,
    "compaction": compaction,
    "rush": rush,
    "discord": discord,
    "slack": slack,
    "sandbox": sandbox,
}
