"""The latest messages, which come from a room's history and from the gateway as well."""

from collections import OrderedDict

_MOST = 10_000
_NOTHING = 0


class Seen:
    """What the latest messages of all rooms said, as far as it has to be told apart."""

    def __init__(self) -> None:
        self._said: OrderedDict[int, int] = OrderedDict()

    def __contains__(self, message: int) -> bool:
        return message in self._said

    def add(self, message: int, text: str | None) -> None:
        """A message was taken over, or is nothing to Argent (no text)."""
        self._said[message] = _NOTHING if text is None else _mark(text)
        if len(self._said) > _MOST:
            self._said.popitem(last=False)

    def is_nothing(self, message: int) -> bool:
        """Whether the message is known to be one that was not taken over."""
        return self._said.get(message) == _NOTHING

    def says(self, message: int, text: str) -> bool:
        """Whether the message is known to read like this already."""
        return self._said.get(message) == _mark(text)


def _mark(text: str) -> int:
    return hash(text) or 1
