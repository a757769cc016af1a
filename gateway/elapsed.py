"""How long something took, or is past, in words. Pure."""

from datetime import datetime

_STEPS = ((60, 1, "s"), (3600, 60, "m"), (86_400, 3600, "h"))


def ago(then: datetime, now: datetime) -> str:
    """How long ago in one unit, rounded down: ``5m ago``."""
    seconds = int((now - then).total_seconds())
    return "just now" if seconds < 1 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """A length of time in one unit, rounded down: ``45s``, ``5m``, ``2h``, ``3d``."""
    whole = max(int(seconds), 0)
    for limit, unit, name in _STEPS:
        if whole < limit:
            return f"{whole // unit}{name}"
    return f"{whole // 86_400}d"
