"""What somebody looks for, as they type it. Pure.

Words must all be there; ``"in quotes"`` they must follow each other; ``beginn*`` stands for every
word that begins so. Anything else is no operator: nothing that can be typed is an error of syntax.
"""

import re
from dataclasses import dataclass

from state.files.search.words import words

MOST_WORDS = 64
"""How many words a question may have; SQLite refuses an expression that is much deeper."""

_UNIT = re.compile(r'"(?P<phrase>[^"]*)"?(?P<open>\*?)|(?P<word>[^\s"]+)')


class InvalidQuery(ValueError):
    """Nothing that could be looked for; the message says what could."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; with `prefix`, the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False

    def __str__(self) -> str:
        # Words hold no quote: nothing can end the string but its end.
        return f'"{" ".join(self.words)}"{" *" if self.prefix else ""}'


@dataclass(frozen=True, slots=True)
class Query:
    """Terms, all of which must be in what is found."""

    terms: tuple[Term, ...]

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Read what was typed. Raises `InvalidQuery`."""
        terms = []
        for unit in _UNIT.finditer(text):
            said = unit["word"] if unit["phrase"] is None else unit["phrase"]
            prefix = bool(unit["open"]) or (unit["phrase"] is None and said.endswith("*"))
            if found := words(said):
                terms.append(Term(tuple(found), prefix))
        terms = list(dict.fromkeys(terms))
        if not terms:
            raise InvalidQuery("there is no word to look for; type at least one")
        if sum(len(term.words) for term in terms) > MOST_WORDS:
            raise InvalidQuery(f"that are more than {MOST_WORDS} words; look for fewer")
        return cls(tuple(terms))

    def match(self, place: str | None = None) -> str:
        """The expression for FTS5, among everything or only in this `place`."""
        said = f"text : ({' AND '.join(map(str, self.terms))})"
        return said if place is None else f'{said} AND place : "{place}"'
