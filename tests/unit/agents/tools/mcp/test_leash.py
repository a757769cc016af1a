"""A program on a leash ends when the gateway lets go of the lifeline, and not sooner."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.tools.mcp import leash

SECONDS = 20


class Lifeline:
    """The end that the gateway holds."""

    def __init__(self) -> None:
        self.end, self._held = os.pipe()

    def let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
        self._held = None


@pytest.fixture
def lifeline() -> Iterator[Lifeline]:
    line = Lifeline()
    yield line
    line.let_go()
    os.close(line.end)


def leashed(lifeline: Lifeline, *program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(leash.__file__)), str(lifeline.end), *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=(lifeline.end,),
    )


def ended(process: subprocess.Popen[str], given: str | None = None) -> tuple[int, str, str]:
    out, errors = process.communicate(given, timeout=SECONDS)
    return process.returncode, out, errors


def test_a_program_speaks_and_ends_as_if_it_were_not_on_a_leash(lifeline: Lifeline) -> None:
    process = leashed(lifeline, "sh", "-c", "cat; exit 3")
    assert ended(process, "hello") == (3, "hello", "")


def test_a_program_that_is_killed_is_told_apart(lifeline: Lifeline) -> None:
    assert ended(leashed(lifeline, "sh", "-c", "kill -9 $$"))[0] == 128 + 9


def test_a_program_that_is_not_there_is_named(lifeline: Lifeline) -> None:
    code, out, errors = ended(leashed(lifeline, "no-such-program"))
    assert (code, out) == (127, "")
    assert errors == "cannot start no-such-program: No such file or directory\n"


def test_a_program_is_asked_to_end_before_it_is_killed(lifeline: Lifeline) -> None:
    process = leashed(
        lifeline,
        "sh",
        "-c",
        "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done",
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    lifeline.let_go()
    assert ended(process)[:2] == (5, "bye\n")


def test_a_program_that_does_not_want_to_end_is_killed(lifeline: Lifeline) -> None:
    process = leashed(
        lifeline, "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    lifeline.let_go()
    # The pipe ends only when nobody has it any more.
    assert ended(process)[1] == ""


def test_a_program_gets_the_signals_that_python_ignores(lifeline: Lifeline) -> None:
    """A program that writes to nobody must end, as it would in a shell."""
    code, _, _ = ended(leashed(lifeline, "sh", "-c", "kill -PIPE $$; exit 0"))
    assert code == 128 + 13


def test_the_lifeline_is_not_passed_on(lifeline: Lifeline) -> None:
    code, out, _ = ended(leashed(lifeline, "sh", "-c", "ls /proc/$$/fd"))
    assert code == 0
    assert str(lifeline.end) not in out.split()
