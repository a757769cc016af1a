"""What is foreign in one call, where a tool's own word for all of its calls would say too much."""

from contextvars import ContextVar


class ForeignText(str):
    """A result that is material from outside, of a tool whose results need not be."""

    __slots__ = ()


_IN_SIGHT: ContextVar[bool] = ContextVar("foreign material is in sight", default=False)


def in_sight() -> bool:
    """Whether the model that made the call which is carried out had seen foreign material."""
    return _IN_SIGHT.get()


def now_in_sight(seen: bool) -> None:
    """Say so for what runs in this task from here on."""
    _IN_SIGHT.set(seen)
