"""The one way out: all that a command prints goes through here.

Text from outside (chat titles, names, model answers) may hold characters that a terminal obeys;
none gets through. JSON carries everything, escaped.
"""

import json
import os
import shutil
import sys
from typing import Any, TextIO

from gateway.admin_errors import AdminError
from gateway.visible import visible

ENVELOPE_VERSION = 1
BOLD, DIM, RED = "1", "2", "31"


class ReaderLeft(Exception):
    """Whoever read us has seen enough (``argent sessions list | head``)."""


def out(text: str = "", *, end: str = "\n", style: str | None = None) -> None:
    """Print to standard output; a style (`BOLD`, …) is seen on a terminal only."""
    _write(sys.stdout, text, end, style)


def note(text: str = "", *, end: str = "\n", style: str | None = None) -> None:
    """Print to standard error: what is not the command's result."""
    _write(sys.stderr, text, end, style)


class Screen:
    """Shows one text after another: on a terminal in each other's place, elsewhere below.

    Every line is drawn over the one before it and what is left of that is cleared, so nothing
    flickers; what has no room on the screen is left out.
    """

    def show(self, text: str) -> None:
        """Show this instead of what was shown."""
        if not sys.stdout.isatty():
            out(f"{text}\n")
            return
        lines = visible(text).split("\n")[: shutil.get_terminal_size().lines - 1]
        # Home; no line breaks where it is too long for the screen; clear what was below.
        drawn = "".join(f"{line}\x1b[K\n" for line in lines)
        _put(sys.stdout, f"\x1b[H\x1b[?7l{drawn}\x1b[?7h\x1b[J")


def out_json(kind: str, data: Any) -> None:
    """The result as the envelope that scripts read."""
    envelope = {"ok": True, "kind": kind, "version": ENVELOPE_VERSION, "data": data}
    _write(sys.stdout, json.dumps(envelope), "\n", None)


def out_error(error: AdminError, *, as_json: bool) -> None:
    """The error: as the envelope on standard output, or in words on standard error."""
    if as_json:
        told = {"code": error.code, "message": error.message, "hint": error.hint}
        _write(sys.stdout, json.dumps({"ok": False, "error": told}), "\n", None)
        return
    note(f"argent: {error.message}", style=RED)
    if error.hint:
        note(f"        {error.hint}")


def _write(stream: TextIO, text: str, end: str, style: str | None) -> None:
    shown = visible(text)
    if style is not None and stream.isatty() and "NO_COLOR" not in os.environ:
        shown = f"\x1b[{style}m{shown}\x1b[0m"
    _put(stream, shown + end)


def _put(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError as error:
        raise ReaderLeft from error
