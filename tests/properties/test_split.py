"""Splitting loses nothing but white space at the cuts, whatever the platform's limit."""

from hypothesis import given
from hypothesis import strategies as st

from channels.document import Span, Style
from channels.pieces import Piece
from channels.split import Cost, split

_texts = st.text("ab \n.é\u0301😀👍🏽", min_size=1, max_size=60)
_spans = st.builds(
    Span, _texts, st.sampled_from([Style.PLAIN, Style.BOLD]), st.sampled_from([None, "u"])
)
_pieces = st.lists(
    st.builds(
        Piece,
        st.lists(_spans, min_size=1, max_size=5).map(tuple),
        st.integers(1, 2),
        st.sampled_from([None, None, "", "py"]),
        st.sampled_from([0, 0, 1]),
        st.booleans(),
    ),
    max_size=12,
)


class Marked:
    """A platform whose markup counts, with a second limit on the number of spans."""

    def __init__(self, limit: int, spans: int) -> None:
        self.limits: Cost = (limit, spans)

    def frame(self, piece: Piece) -> Cost:
        return (piece.gap + (6 if piece.code is not None else 0), 0)

    def span(self, span: Span, piece: Piece) -> Cost:
        return (len(span.text.encode("utf-16-le")) // 2 + (4 if span.style else 0), 1)

    def is_blank(self, text: str) -> bool:
        return not text.strip()


@given(_pieces, st.integers(12, 80), st.integers(1, 6))
def test_parts_are_within_the_limits_and_hold_everything_in_order(pieces, limit, spans):
    gauge = Marked(limit, spans)
    parts = split(pieces, gauge)
    for part in parts:
        assert part[0].gap == 0
        cost = [gauge.frame(piece) for piece in part]
        cost += [gauge.span(span, piece) for piece in part for span in piece.spans]
        spent = [sum(figures) for figures in zip(*cost, strict=True)]
        assert spent[0] <= limit
        assert spent[1] <= spans
        assert not gauge.is_blank("".join(span.text for piece in part for span in piece.spans))
    assert _looks(piece for part in parts for piece in part) == _looks(pieces)


def _looks(pieces):
    """Every visible character with all that applies to it."""
    return [
        (character, span.style, span.link, piece.code, piece.quote)
        for piece in pieces
        for span in piece.spans
        for character in span.text
        if not character.isspace()
    ]
