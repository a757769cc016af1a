"""The settings that are in effect, for everything that reads them when it needs them. Pure.

They are replaced as a whole, in one assignment: whoever reads `now` once, and awaits nothing
before the last use of it, sees one set of settings and never half of two.
"""

from collections.abc import Callable
from typing import TypeVar

from gateway.config import Settings

T = TypeVar("T")


class Current:
    """Holds the settings in effect."""

    __slots__ = ("now",)

    def __init__(self, settings: Settings) -> None:
        self.now = settings

    def derived(self, make: Callable[[Settings], T]) -> Callable[[], T]:
        """What `make` makes of the settings in effect: made anew when they are others."""
        of = self.now
        made = make(of)

        def now() -> T:
            nonlocal of, made
            if of is not self.now:
                of = self.now
                made = make(of)
            return made

        return now
