"""What a person types: lines from a terminal with history, or from a pipe."""

import asyncio
import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import Any

PROMPT = "> "
_REMEMBERED_LINES = 1000


class Lines:
    """Standard input, a line at a time, read by a thread that nobody has to wait for."""

    def __init__(self, history: Path) -> None:
        self.is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._history = history
        self._readline: Any = None
        self._mode: Any = None

    def open(self) -> None:
        """Prepare the terminal."""
        if not self.is_terminal:
            sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
            return
        import readline
        import termios

        self._readline = readline
        self._mode = termios.tcgetattr(sys.stdin)
        with contextlib.suppress(OSError):
            readline.read_history_file(self._history)

    def close(self) -> None:
        """Keep the history and leave the terminal as it was, even in the middle of a line."""
        if self._readline is None:
            return
        import termios

        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._mode)
        self._readline.set_history_length(_REMEMBERED_LINES)
        with contextlib.suppress(OSError):
            os.close(os.open(self._history, os.O_CREAT | os.O_WRONLY, 0o600))
            self._readline.write_history_file(self._history)

    async def next(self) -> str | None:
        """The next line; None at the end."""
        loop = asyncio.get_running_loop()
        line: asyncio.Future[str | None] = loop.create_future()

        def deliver(text: str | None) -> None:
            if not line.done():
                line.set_result(text)

        def read() -> None:
            text = self._read()
            with contextlib.suppress(RuntimeError):  # the loop is gone: so is the chat
                loop.call_soon_threadsafe(deliver, text)

        threading.Thread(target=read, name="argent-lines", daemon=True).start()
        return await line

    def hide_prompt(self) -> None:
        """Take the prompt away, to write in its place."""
        if self._readline is not None:
            sys.stdout.write("\r\x1b[K")

    def show_prompt(self) -> None:
        """Write the prompt again, with what was typed so far."""
        if self._readline is not None:
            sys.stdout.write(PROMPT + self._readline.get_line_buffer())
            sys.stdout.flush()

    def _read(self) -> str | None:
        if self.is_terminal:
            try:
                return input(PROMPT)
            except (EOFError, OSError, ValueError):
                return None
        line = sys.stdin.readline()
        return line.rstrip("\n") if line else None
