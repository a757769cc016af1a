"""Words as they are compared."""

import pytest

from state.files.search.words import words, words_at


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("Nice CAFÉ", "cafe"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("İstanbul", "istanbul"),
        ("ﬁne", "fine"),
        ("ＡＢＣ１２３", "abc123"),
        ("cafe\u0301", "café"),
        ("שָׁלוֹם", "שלום"),
        ("❤️", "❤"),
    ],
)
def test_case_accents_and_forms_do_not_matter(said, typed):
    assert set(words(typed)) <= set(words(said))


@pytest.mark.parametrize("said", ["東京都に住む", "서울에서", "กรุงเทพมหานคร", "ﾄｳｷｮｳ", "party🎉🎊"])
def test_where_no_spaces_are_written_each_character_is_a_word(said):
    alone = [word for word in words(said) if not word.isascii()]
    assert len(alone) > 1
    assert {len(word) for word in alone} == {1}


def test_marks_that_are_letters_stay_in_their_word():
    assert words("हिन्दी भाषा") == ["हिन्दी", "भाषा"]


def test_punctuation_of_any_kind_is_between_words():
    assert words("foo_bar “192.168.1.1” — a\u00a0b\u200bc、d") == [
        "foo", "bar", "192", "168", "1", "1", "a", "b", "c", "d",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["The Café, 東京!", "plain ASCII text", "e\u0301te\u0301", "ﬁne ½ ™", "İ ß"]
)
def test_each_word_is_where_it_is_said(text):
    found = words_at(text)
    assert [word for word, _, _ in found] == words(text)
    for word, start, end in found:
        assert word in words(text[start:end])
