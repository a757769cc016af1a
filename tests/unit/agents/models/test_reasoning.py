import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models.reasoning import Spoken


def spoken(*pieces: str) -> str:
    words = Spoken()
    return "".join(words.feed(piece) for piece in pieces) + words.finish()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plain words", "plain words"),
        ("<think>hm</think>words", "words"),
        ("\n <think>hm</think>\n\nwords\n", "words\n"),
        ("<thinking>hm</thinking> words", "words"),
        ("<think>a < b </thin k></think>words", "words"),
        ("<think></think>", ""),
        ("<think>never ends", ""),
        ("<thin", "<thin"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("words <think>later</think>", "words <think>later</think>"),
        ("  indented", "  indented"),
        ("", ""),
    ],
)
def test_only_reasoning_at_the_start_is_left_out_however_it_is_cut(text: str, words: str) -> None:
    assert spoken(text) == words
    assert spoken(*text) == words


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "think", ">", "a", " ", "</"])))
def test_words_do_not_depend_on_the_pieces(parts: list[str]) -> None:
    text = "".join(parts)
    assert spoken(*parts) == spoken(text) == spoken(*text)
