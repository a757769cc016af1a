"""What may be typed to look for something."""

import sqlite3

import pytest

from state.files.search.query import MOST_WORDS, InvalidQuery, Query, Term


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("harbour boats", [Term(("harbour",)), Term(("boats",))]),
        ('"pier twelve" boats', [Term(("pier", "twelve")), Term(("boats",))]),
        ("harb*", [Term(("harb",), prefix=True)]),
        ('"pier tw"*', [Term(("pier", "tw"), prefix=True)]),
        ('"pier twelve', [Term(("pier", "twelve"))]),
        ("192.168.1.1", [Term(("192", "168", "1", "1"))]),
        ("東京", [Term(("東", "京"))]),
        ("boats Boats BOATS", [Term(("boats",))]),
        ("NOT this OR (that)", [Term((w,)) for w in ("not", "this", "or", "that")]),
        ("a ** b", [Term(("a",)), Term(("b",))]),
    ],
)
def test_words_phrases_and_beginnings_are_understood(typed, terms):
    assert list(Query.parse(typed).terms) == terms


@pytest.mark.parametrize("typed", ["", "   ", '"', '""', "*", "-- () :", "\x00", "\ud800"])
def test_a_question_without_a_word_is_refused(typed):
    with pytest.raises(InvalidQuery, match="type at least one"):
        Query.parse(typed)


def test_a_question_of_too_many_words_is_refused():
    most = " ".join(f"w{n}" for n in range(MOST_WORDS))
    Query.parse(most)
    with pytest.raises(InvalidQuery, match=f"more than {MOST_WORDS}"):
        Query.parse(most + " more")


def test_the_largest_question_is_one_that_sqlite_takes():
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE words USING fts5(text, place, tokenize='ascii')")
    for typed in (
        " ".join(f"w{n}*" for n in range(MOST_WORDS)),
        '"' + " ".join(f"w{n}" for n in range(MOST_WORDS)) + '"*',
    ):
        match = Query.parse(typed).match("s1")
        assert db.execute("SELECT * FROM words WHERE words MATCH ?", (match,)).fetchall() == []
    db.close()
