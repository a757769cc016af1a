"""The piece of a text that shows why it was found."""

import pytest

from state.files.search.query import Query
from state.files.search.snippet import WIDTH, snippet


def shown(text: str, typed: str) -> str:
    return snippet(text, Query.parse(typed)).marked("«", "»")


@pytest.mark.parametrize(
    ("text", "typed", "marked"),
    [
        ("The harbour of Hull", "HARBOUR", "The «harbour» of Hull"),
        ("Nice café!", "cafe", "Nice «café»!"),
        ("東京都に住む", "東京", "«東京»都に住む"),
        ("pier 12, pier 13", '"pier 13"', "pier 12, «pier 13»"),
        ("harbours and harbour", "harb*", "«harbours» and «harbour»"),
        ("two\n\n  lines", "lines", "two «lines»"),
        ("a b a b", '"a b" "b a"', "«a b a b»"),
        ("only what was folded: ﬁne", "fine", "only what was folded: «ﬁne»"),
        ("", "nothing", ""),
    ],
)
def test_every_hit_is_marked(text, typed, marked):
    assert shown(text, typed) == marked


def test_of_a_long_text_the_place_is_shown_where_the_words_are_together():
    text = f"{'filler ' * 60}harbour{' filler' * 60} the harbour and its boats{' filler' * 60}"
    piece = snippet(text, Query.parse("harbour boats"))
    assert "«harbour» and its «boats»" in piece.marked("«", "»")
    assert piece.text.startswith("…filler")
    assert piece.text.endswith("filler…")
    assert len(piece.text) <= WIDTH + 2


def test_a_text_without_a_word_boundary_is_cut_all_the_same():
    piece = snippet("x" * 10_000, Query.parse("y"))
    assert len(piece.text) <= WIDTH + 1


def test_the_hit_itself_is_never_cut_away():
    for before in range(0, 400, 7):
        text = "ab " * before + "needle" + " cd" * 100
        assert "«needle»" in shown(text, "needle")
