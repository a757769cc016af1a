"""The units of settings that are numbers. Pure."""

from collections.abc import Mapping

from gateway.config_schema import Path

_BY_NAME: Mapping[str, str] = {
    "idle_after": "s",
    "wall": "s",
    "timeout": "s",
    "cpu": "processors",
    "context_window": "tokens",
    "max_file_mb": "MB",
    "keep_days": "days",
    "window_minutes": "min",
    "memory": "bytes",
    "disk": "bytes",
    "output": "bytes",
}
_BY_END: Mapping[str, str] = {
    "_seconds": "s",
    "_timeout": "s",
    "_minutes": "min",
    "_days": "days",
    "_tokens": "tokens",
    "_tokens_per_day": "tokens a day",
    "tokens_per_day": "tokens a day",
    "cost_per_day": "US dollars a day",
    "_mb": "MB",
    "_bytes": "bytes",
}
_PRICES = "US dollars for a million tokens"


def unit(path: Path) -> str | None:
    """The unit of a setting that is a number; None for counts, shares and what is no number."""
    if path[:2] == ("models", "prices"):
        return _PRICES
    name = path[-1]
    ends = sorted((end for end in _BY_END if name.endswith(end)), key=len, reverse=True)
    return _BY_NAME.get(name) or (_BY_END[ends[0]] if ends else None)
