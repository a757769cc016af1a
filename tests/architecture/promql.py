"""Which metrics and labels a PromQL expression speaks of.

https://prometheus.io/docs/prometheus/latest/querying/basics/: enough of its grammar to tell names
of metrics, labels, functions and keywords from each other. What it does not know, it refuses.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<range>\[[^\]]*\])
    |(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?[smhdw]?)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^=<>(){},])""",
    re.VERBOSE,
)
_GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_OPERATORS = frozenset({"and", "or", "unless", "bool", "offset"})
FUNCTIONS = frozenset(
    {"changes", "histogram_quantile", "increase", "max", "min", "rate", "sum", "time"}
)
"""Those that are used; another one is worth a look."""


_CLOSED_BY = {"(": ")", "{": "}"}


class NotUnderstood(ValueError):
    """The expression is not PromQL, or has something in it that is not known here."""


@dataclass
class Spoken:
    """What an expression speaks of: `metrics` with the labels that they are chosen by, and the
    labels by which it groups."""

    metrics: dict[str, set[str]] = field(default_factory=dict)
    grouped: set[str] = field(default_factory=set)


def spoken(expression: str) -> Spoken:
    """Read an expression. Raises `NotUnderstood`."""
    reader = _Reader(expression)
    for (kind, text), (_, following) in pairwise([*_tokens(expression), ("end", "")]):
        if text in _CLOSED_BY:
            reader.open(text)
        elif text in _CLOSED_BY.values():
            reader.close(text)
        elif kind == "name":
            reader.name(text, following)
    return reader.found()


class _Reader:
    """Knows between which brackets it is: in ``{…}``, and in ``by (…)``, names are labels."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._found = Spoken()
        self._open: list[str] = []
        self._metric = ""
        self._grouping = False

    def open(self, bracket: str) -> None:
        self._open.append(f"by {bracket}" if self._grouping else bracket)
        self._grouping = False

    def close(self, bracket: str) -> None:
        if not self._open or _CLOSED_BY[self._open.pop()[-1]] != bracket:
            raise NotUnderstood(f"{bracket} closes nothing: {self._expression}")

    def name(self, text: str, following: str) -> None:
        within = self._open[-1] if self._open else ""
        if within == "{":
            self._found.metrics[self._metric].add(text)
        elif within == "by (":
            self._found.grouped.add(text)
        elif text in _GROUPING:
            self._grouping = True
        elif following == "(" or following in _GROUPING:
            if text not in FUNCTIONS:
                raise NotUnderstood(f"{text} is no function known here: {self._expression}")
        elif text not in _OPERATORS:
            self._metric = text
            self._found.metrics.setdefault(text, set())

    def found(self) -> Spoken:
        if self._open:
            raise NotUnderstood(f"{self._open[-1]} is not closed: {self._expression}")
        return self._found


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise NotUnderstood(f"{expression[at : at + 20]!r} in {expression}")
        at = match.end()
        if match.lastgroup != "space":
            yield match.lastgroup or "", match[0]
