"""Commands in sandboxes, and files of a workspace: what each costs before it does anything."""

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from agents.sandbox.kept import KeptSandbox
from agents.sandbox.limits import Limits
from agents.workspace.folder import prepare
from agents.workspace.workspace import Workspace
from tests.benchmarks.table import Figure

_AT_ONCE = 8


async def of_sandboxes(
    folder: Path, commands: int, sandboxes: dict[str, KeptSandbox]
) -> list[Figure]:
    """Begin and end the command that does nothing: one after the other, and many at once."""
    workspace = folder / "workspace"
    await asyncio.to_thread(prepare, workspace, "bench")
    figures = []
    for name, sandbox in sandboxes.items():
        seconds = [await _one(sandbox, workspace) for _ in range(commands)]
        figures += [
            Figure(f"{name}: a command", "ms", [1e3 * each for each in seconds]),
            Figure(f"{name}: a command, p95", "ms", [1e3 * _p95(seconds)], "<= 150"),
            Figure(
                f"{name}: {_AT_ONCE} at once", "/s", [await _many(sandbox, workspace, commands)]
            ),
        ]
    return figures


async def of_files(folder: Path, commands: int) -> list[Figure]:
    """Read and write a small file, through every check."""
    with Workspace(folder) as workspace:
        workspace.write("deep/file", b"x" * 1_000)
        reads = _timed(lambda: workspace.read("deep/file"), 20 * commands)
        writes = _timed(lambda: workspace.write("deep/file", b"x" * 1_000), commands)
    return [
        Figure("a file read", "us", [1e6 * reads]),
        Figure("a file written and flushed", "ms", [1e3 * writes]),
    ]


async def _one(sandbox: KeptSandbox, workspace: Path) -> float:
    outcome = await sandbox.run("true", workspace=workspace, limits=Limits())
    assert outcome.code == 0
    return outcome.seconds


async def _many(sandbox: KeptSandbox, workspace: Path, commands: int) -> float:
    some = asyncio.Semaphore(_AT_ONCE)

    async def one() -> None:
        async with some:
            await _one(sandbox, workspace)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(commands)))
    return commands / (time.perf_counter() - began)


def _p95(seconds: list[float]) -> float:
    if len(seconds) < 2:
        return seconds[0]
    return statistics.quantiles(seconds, n=20)[-1]


def _timed(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times
