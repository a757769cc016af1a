"""Cuts fall where a reader would make them, and take nothing away."""

import pytest

from channels.document import Span, Style
from channels.pieces import Piece
from channels.split import Cost, best_cut, split


class CodePoints:
    """Counts as a platform without markup does."""

    def __init__(self, limit: int) -> None:
        self.limits: Cost = (limit,)

    def frame(self, piece: Piece) -> Cost:
        return (piece.gap,)

    def span(self, span: Span, piece: Piece) -> Cost:
        return (len(span.text),)

    def is_blank(self, text: str) -> bool:
        return not text.strip()


def _messages(limit: int, *pieces: Piece | str) -> list[str]:
    column = [Piece((Span(piece),)) if isinstance(piece, str) else piece for piece in pieces]
    parts = split(column, CodePoints(limit))
    return [
        "".join("\n" * piece.gap + "".join(span.text for span in piece.spans) for piece in part)
        for part in parts
    ]


def _code(text: str, language: str = "py") -> Piece:
    return Piece((Span(text),), code=language)


def test_what_fits_is_one_message():
    assert _messages(12, "one", "two", "six") == ["one\n\ntwo", "six"]
    assert _messages(13, "one", "two", "six") == ["one\n\ntwo\n\nsix"]


def test_a_message_that_is_half_full_ends_before_a_block_that_does_not_fit():
    assert _messages(20, "ten chars.", "a b c d e f g") == ["ten chars.", "a b c d e f g"]


def test_a_message_with_little_in_it_takes_the_beginning_of_the_next_block():
    assert _messages(20, "four", "One. Two, three. Four five six.") == [
        "four\n\nOne. Two,",
        "three. Four five",
        "six.",
    ]


def test_code_that_fits_into_a_message_is_not_cut_to_fill_the_one_before():
    assert _messages(24, "seven..", _code("a = 1\nb = 2\nc = 3\nd")) == [
        "seven..",
        "a = 1\nb = 2\nc = 3\nd",
    ]


def test_long_code_is_cut_between_its_lines_and_reopened():
    parts = split([_code("  a = 1\n\n  b = 2\n  c = 3")], CodePoints(16))
    assert parts == [(_code_first("  a = 1\n\n  b = 2"),), (_code_first("  c = 3"),)]


def _code_first(text: str) -> Piece:
    return Piece((Span(text),), gap=0, code="py")


def test_a_heading_goes_with_what_it_heads():
    heading = Piece((Span("Title"),), keep=True)
    assert _messages(20, "eight ch", heading, "a paragraph xyz") == [
        "eight ch",
        "Title\n\na paragraph",
        "xyz",
    ]


def test_styles_open_at_a_cut_go_on_in_the_next_message():
    piece = Piece((Span("one "), Span("two three", Style.BOLD), Span(" four")), quote=1)
    assert split([piece], CodePoints(8)) == [
        (Piece((Span("one "), Span("two", Style.BOLD)), gap=0, quote=1),),
        (Piece((Span("three", Style.BOLD),), gap=0, quote=1),),
        (Piece((Span("four"),), gap=0, quote=1),),
    ]


def test_a_message_in_which_nothing_could_be_seen_is_not_sent():
    assert _messages(4, "a", " \n \n \n \n ", "b") == ["a", "b"]
    assert _messages(4, _code("\n" * 100)) == []


@pytest.mark.parametrize(
    ("text", "reach", "head"),
    [
        ("one two\nthree four", 14, "one two"),
        ("One two. Three four", 12, "One two. "),
        ("一二三。四五六七", 6, "一二三。"),
        ("e.g. 3.14 or more here", 15, "e.g. 3.14 or"),
        ("one two", 5, "one"),
        ("one two", 3, "one"),
        ("a" * 30, 20, "a" * 20),
        ("a " + "b" * 30, 24, "a " + "b" * 22),
    ],
)
def test_a_cut_prefers_lines_then_sentences_then_words(text, reach, head):
    assert text[: best_cut(text, reach, code=False, anywhere=True)] == head


@pytest.mark.parametrize("character", ["e\u0301", "👨‍👩‍👧", "👍🏽", "🇩🇪", "❤️", "1️⃣", "각"])
def test_a_cut_does_not_fall_inside_of_a_character(character):
    text = character * 20
    for reach in range(len(character), len(text)):
        assert best_cut(text, reach, code=False, anywhere=True) % len(character) == 0


def test_a_character_without_end_is_cut_all_the_same():
    assert [len(message) for message in _messages(100, "a" + "\u0301" * 250)] == [100, 100, 51]
