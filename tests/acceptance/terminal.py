"""A person at a terminal: a process behind a pseudo-terminal, read until it says something."""

import asyncio
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence

from tests.architecture.sources import ROOT

PATIENCE = 30.0


class Terminal:
    """A command that believes it talks to a person."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._theirs = theirs
        self.seen = ""
        self._at = 0
        self.process = subprocess.Popen(
            command,
            env={**environ, "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )

    def types(self, text: str) -> None:
        """Press these keys."""
        os.write(self._ours, text.encode())

    def until(self, words: str) -> str:
        """What appears up to and with these words, after what was waited for before."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.seen[self._at :]:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{words!r} never came after {self.seen!r}")
        end = self.seen.index(words, self._at) + len(words)
        shown, self._at = self.seen[self._at : end], end
        return shown

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed: a shell would need that back."""
        return bool(termios.tcgetattr(self._theirs)[3] & termios.ECHO)

    def exit_code(self) -> int:
        """The command's exit code, at its end; what it still says is read meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.1)
        return self.process.wait(0.1)

    def hang_up(self) -> None:
        """Be gone, whatever the command is doing."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(seconds, 0))
        if ready:
            self.seen += os.read(self._ours, 1 << 16).decode(errors="replace")
        return bool(ready)


class Window:
    """The window of a terminal, in which a program was begun that goes on for long."""

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()

    async def launch(
        self, arguments: Sequence[str], environ: Mapping[str, str]
    ) -> asyncio.subprocess.Process:
        """Begin a module in it. What it says is not shown in it, so that a test can read it."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *arguments),
            cwd=ROOT,
            env=environ,
            stdin=self._theirs,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )

    def close(self) -> None:
        """Close the window: the kernel tells whoever is in it."""
        os.close(self._theirs)
        os.close(self._ours)


def _take_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C is a signal."""
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
