"""From Markdown to a platform's messages: the course that is the same on every platform."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from channels.document import Span, plain
from channels.markdown import parse
from channels.pieces import Piece, lay_out
from channels.split import Gauge, split

NOTHING_TO_SEE = "…"
"""Stands for an answer in which nothing can be seen; platforms refuse an empty message."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message: `text` as its platform takes it, `plain` the same words as they are shown."""

    text: str
    plain: str


Write = Callable[[Iterable[Piece]], str]


def plain_words(part: Iterable[Piece]) -> str:
    """The words of a message, without markup."""
    return "".join("\n" * piece.gap + plain(piece.spans) for piece in part)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a platform is written: what it refuses, what its messages may cost, and its markup.

    `clean` takes out of a source, and `cleaned` out of a piece, what the platform would refuse or
    remove; `write` and `plain` make a message's text with and without markup.
    """

    clean: Callable[[str], str]
    cleaned: Callable[[Piece], Piece]
    is_blank: Callable[[str], bool]
    takes_link: Callable[[str], bool]
    gauge: Gauge
    write: Write
    plain: Write = plain_words

    def render(self, markdown: str) -> tuple[Rendered, ...]:
        """The messages that say what `markdown` says, whole and in order, each within the limits.

        Empty for a text in which nothing could be seen, and only then.
        """
        source = self.clean(markdown)
        if self.is_blank(source):
            return ()
        pieces = [self.cleaned(piece) for piece in lay_out(parse(source), self.takes_link)]
        parts = split(pieces, self.gauge)
        if not parts:
            # Markup around nothing, such as an empty fence: all there is to show is the source.
            parts = split([Piece((Span(source),))], self.gauge)
        return tuple(Rendered(self.write(part), self.plain(part)) for part in parts)
