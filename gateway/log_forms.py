"""The forms of a log line: JSON for machines, a line for people, and one for the journal. Pure.

Each takes an event that is complete (`at`, `level`, `event`) and leaves it as it is. None of them
writes a character that a terminal obeys. What has more than one line is where things were in the
code: an exception, the stacks of a loop that stalled.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from gateway.visible import one_line, visible

Event = Mapping[str, Any]

_FIRST = ("at", "level", "event")
_BELOW = ("exception", "stacks")
_WHOSE = ("session", "channel", "row", "part", "source", "turn")
"""What a line is about, in the order in which it stands before everything else it says."""
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html: what stands before a
line, as ``<3>``, so that ``journalctl -p`` knows how bad it is."""


def as_json(event: Event) -> str:
    """One JSON object; what JSON cannot hold is written as its text."""
    ordered = {name: event[name] for name in _FIRST} | _ordered(event)
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
    """What happened and with what; behind it, on lines of its own, the exception or the stacks."""
    words = [one_line(str(event["event"]))]
    words += [
        f"{name}={one_line(str(value))}"
        for name, value in _ordered(event).items()
        if name not in _FIRST and name not in _BELOW
    ]
    return "\n".join(("  ".join(words), *_below(event)))


def _below(event: Event) -> Iterator[str]:
    if "exception" in event:
        yield visible(str(event["exception"]))
    if isinstance(stacks := event.get("stacks"), Mapping):
        for thread, frames in stacks.items():
            yield "\n  ".join(one_line(str(line)) for line in (f"{thread}:", *frames))


def _ordered(event: Event) -> dict[str, Any]:
    return {name: event[name] for name in _WHOSE if name in event} | dict(event)
