"""How a server is: what it offers, and what is wrong with it."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Traits:
    """`more` tools beside its own, `page` of them at a time; `deaf` to everything; `modern` speaks
    the protocol of 2026-07-28, which begins in another way. As a program:
    `banner` lines that are no MCP come first; `flood` characters in a line follow each answer;
    `complains` lines go to its standard error; it `dies` at once with this last word; it `stays`
    when its input ends, and when it is asked to go; it starts a `child` of its own."""

    more: int = 0
    page: int | None = None
    deaf: bool = False
    modern: bool = False
    banner: int = 0
    flood: int = 0
    flood_of: str = "x"
    complains: int = 0
    dies: str | None = None
    stays: bool = False
    child: bool = False

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`."""
        given: dict[str, Any] = json.loads(text)
        return cls(**given)
