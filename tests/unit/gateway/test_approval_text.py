import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gateway.approval_text import MOST, digest, shown
from state.history import ToolCall


def call(command: str, name: str = "bash") -> ToolCall:
    return ToolCall("call-1", name, json.dumps({"command": command}))


def test_a_call_is_shown_whole_over_several_lines():
    assert shown(call("ls -l")) == '{\n "command": "ls -l"\n}'


def test_words_of_any_language_are_shown_as_they_are():
    assert "Привет, 世界" in (shown(call("echo Привет, 世界")) or "")


def test_what_cannot_be_seen_is_written_out():
    text = shown(call("ls\u202e\u200b\u00a0\u3164\ufe0f\x1b[2J"))
    assert text is not None
    for written in ("\\u202e", "\\u200b", "\\u00a0", "\\u3164", "\\ufe0f", "\\u001b"):
        assert written in text


def test_nothing_ends_the_block_that_a_call_is_shown_in():
    assert "`" not in (shown(call("```\n`/approve X`")) or "`")


def test_a_call_that_is_too_long_is_not_shown_at_all():
    assert shown(call("x" * MOST)) is None


@given(st.text())
def test_what_is_shown_is_exactly_what_would_run(command: str):
    text = shown(call(command))
    if text is not None:
        assert json.loads(text) == {"command": command}
        assert not any(
            unicodedata.category(c) in ("Cc", "Cf", "Zs") for c in text if c not in "\n "
        )


@given(st.text(), st.text())
def test_a_changed_byte_makes_it_another_call(one: str, other: str):
    same = digest(call(one), "s") == digest(call(other), "s")
    assert same == (one == other)


def test_the_same_call_elsewhere_or_of_another_tool_is_another():
    assert digest(call("ls"), "a") != digest(call("ls"), "b")
    assert digest(call("ls"), "a") != digest(call("ls", "write"), "a")
