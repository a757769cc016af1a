"""Words for people: times, counts and tables. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.elapsed import ago, span

__all__ = ["ago", "called", "cost", "many", "size", "span", "spent", "table", "time"]

_UNITS = ("kB", "MB", "GB", "TB")


def time(written: str) -> datetime:
    """The time that JSON output wrote."""
    return datetime.fromisoformat(written)


def called(row: Mapping[str, Any]) -> str:
    """What a session is called in a list: its key, and behind it a side session's name."""
    return f"{row['key']} ({row['name'] or _slug(row['id'])})" if row["base"] else str(row["key"])


def many(count: int, noun: str) -> str:
    """``1 message``, ``15 messages``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def spent(sums: Mapping[str, Any]) -> str:
    """Tokens and their cost: ``1,234 tokens, $0.05``; what has no known price is named."""
    tokens = sums["input"] + sums["output"]
    return f"{tokens:,} tokens, {cost(sums)}"


def cost(sums: Mapping[str, Any]) -> str:
    """US dollars: ``$0.05``, ``unknown``, or ``$0.05 and more`` where not all prices are known."""
    if not sums["unpriced"]:
        return f"${sums['cost']:,.4f}" if 0 < sums["cost"] < 0.01 else f"${sums['cost']:,.2f}"
    return "unknown" if not sums["cost"] else f"${sums['cost']:,.2f} and more"


def table(rows: Sequence[Sequence[str]], *, indent: str = "  ") -> list[str]:
    """Rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    return [
        indent + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _slug(session_id: str) -> str:
    return session_id.rpartition(".")[2]


def size(count: int) -> str:
    """Bytes in one unit, rounded to a tenth: ``512 B``, ``1.5 kB``, ``20.0 MB``, ``3.2 GB``."""
    if count < 1000:
        return f"{count} B"
    amount, unit = float(count), 0
    while amount >= 999.95 and unit < len(_UNITS):
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.1f} {_UNITS[unit - 1]}"
