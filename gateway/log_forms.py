"""The forms of a log line: JSON for machines, a line for people, and one for the journal. Pure.

Each takes an event that is complete (`at`, `level`, `event`) and leaves it as it is. None of them
writes a character that a terminal obeys, and only an exception has more than one line.
"""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from gateway.visible import one_line, visible

Event = Mapping[str, Any]

_FIRST = ("at", "level", "event")
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html: what stands before a
line, as ``<3>``, so that ``journalctl -p`` knows how bad it is."""


def as_json(event: Event) -> str:
    """One JSON object; what JSON cannot hold is written as its text."""
    ordered = {name: event[name] for name in _FIRST} | dict(event)
    try:
        line = orjson.dumps(ordered, default=str, option=orjson.OPT_NON_STR_KEYS)
        return visible(line.decode())
    except (TypeError, ValueError):  # a lone surrogate, or nested without end
        told = {name: ordered.pop(name) for name in _FIRST}
        return json.dumps({**told, "values": repr(ordered)}, default=repr)


def as_text(event: Event) -> str:
    """A line for people: the time, the level, what happened, and with what."""
    return f"{event['at'][11:19]} {event['level']:<7} {as_words(event)}"


def as_journal(event: Event) -> str:
    """The same for systemd's journal, which knows the time and wants the level its own way."""
    priority = f"<{_PRIORITIES.get(event['level'], 6)}>"
    return "\n".join(priority + line for line in as_words(event).split("\n"))


def as_words(event: Event) -> str:
    """What happened and with what; behind it, on lines of its own, the exception."""
    words = [one_line(str(event["event"]))]
    words += [
        f"{name}={one_line(str(value))}"
        for name, value in event.items()
        if name not in _FIRST and name != "exception"
    ]
    line = "  ".join(words)
    error = event.get("exception")
    return line if error is None else f"{line}\n{visible(str(error))}"
