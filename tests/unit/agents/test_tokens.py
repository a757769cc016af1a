import pytest

from agents.tokens import OVERHEAD, of_said, of_text
from agents.transcript import AssistantSays, ToolResult, ToolsSay, UserSays
from state.history import ToolCall


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("The quick brown fox jumps over the lazy dog.", 9, 14),
        ("Der schnelle braune Fuchs springt über den faulen Hund.", 12, 20),
        ("Съешь ещё этих мягких французских булок", 12, 32),
        ("敏捷的棕色狐狸跳过懒狗", 8, 16),
        ("🙂🙂🙂", 3, 9),
    ],
)
def test_an_estimate_is_near_what_tokenizers_count(text: str, least: int, most: int) -> None:
    assert least <= of_text(text) <= most


def test_every_message_costs_something_beside_its_words() -> None:
    call = ToolCall("call-0001", "name", "{}")
    assert of_said(UserSays("")) == OVERHEAD
    assert of_said(AssistantSays("word", (call,))) == OVERHEAD + 1 + OVERHEAD + 2
    assert of_said(ToolsSay((ToolResult("call-0001", "name", "word"),))) == OVERHEAD + 1


def test_half_a_surrogate_pair_is_counted() -> None:
    assert of_text("\ud83d") >= 1
