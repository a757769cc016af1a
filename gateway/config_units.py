"""The units of settings that are numbers. Pure."""

from collections.abc import Mapping

from gateway.config_schema import Path

_BY_NAME: Mapping[str, str] = {
    "context_window": "tokens",
    "cpu": "processors",
    "disk": "bytes",
    "idle_after": "s",
    "memory": "bytes",
    "output": "bytes",
    "prices": "US dollars for a million tokens",
    "timeout": "s",
    "wall": "s",
}
_BY_END: Mapping[str, str] = {
    "_seconds": "s",
    "_timeout": "s",
    "_minutes": "min",
    "_days": "days",
    "_tokens": "tokens",
    "tokens_per_day": "tokens a day",
    "cost_per_day": "US dollars a day",
    "_mb": "MB",
    "_bytes": "bytes",
}


def unit(path: Path) -> str | None:
    """The unit of a setting that is a number; None for counts, shares and what is no number."""
    name = path[-1]
    if name in _BY_NAME:
        return _BY_NAME[name]
    return next((of for end, of in _BY_END.items() if name.endswith(end)), None)
