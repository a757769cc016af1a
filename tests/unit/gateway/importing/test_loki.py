"""Sessions of Loki and aichat: YAML, with what its users' words look like in it."""

from datetime import timedelta

import pytest

from gateway.importing.brought import Brought, Unreadable
from gateway.importing.reading import read
from state.choices import Choices, Persistence
from state.history import (
    AssistantEntry,
    SummaryEntry,
    ToolEntry,
    UserEntry,
    check_batch,
    holds_foreign,
)
from state.keys import SessionKey
from tests.contracts.examples import NOON

KEY = SessionKey.parse("terminal:local:main")
PLAIN = """\
model: openai:gpt-4o
temperature: 0.2
enabled_tools: fs_cat,web_search
messages:
- role: system
  content: You are a pirate.
- role: user
  content: |-
    Where is
    the treasure?
- role: assistant
  content: 'Arr: under the palm.'
"""
TOOLS = """\
model: claude:claude-sonnet-4
messages:
- role: user
  content: weather?
- role: tool
  content:
    tool_results:
    - call:
        name: get_weather
        arguments:
          city: Oslo
          days: 2
        id: call_1
      output:
        degrees: -3
    - call:
        name: now
        arguments: '{}'
        id: null
      output: noon
    text: Let me look.
    sequence: false
- role: assistant
  content: Cold.
"""
COMPRESSED = """\
model: ollama:llama3
compressed_messages:
- role: system
  content: You are brief.
- role: user
  content: one
- role: assistant
  content: two
messages:
- role: system
  content: 'You are brief. This is what was said: one, two.'
- role: user
  content: three
- role: assistant
  content: four
"""


def brought(text: str, key: SessionKey | None = KEY, name: str = "pirates") -> Brought:
    return read(text.encode(), key=key, at=NOON, name=name)


def refusal(text: str, key: SessionKey | None = KEY) -> str:
    with pytest.raises(Unreadable) as refused:
        brought(text, key)
    return str(refused.value)


def test_a_session_becomes_one_of_ours():
    back = brought(PLAIN)
    asked, answered = back.entries
    assert isinstance(asked, UserEntry)
    assert isinstance(answered, AssistantEntry)
    assert asked.content == "Where is\nthe treasure?"
    assert answered.content == "Arr: under the palm."
    assert answered.re == (asked.id,)
    assert [e.at for e in back.entries] == [NOON, NOON + timedelta(milliseconds=1)]
    assert (back.session.key, back.session.title) == (KEY, "pirates")
    assert (back.session.choices.model, back.session.messages) == ("openai:gpt-4o", 2)
    assert back.form == "loki"


def test_what_tools_found_is_foreign_and_so_is_what_was_said_in_its_sight():
    assert not holds_foreign(brought(PLAIN).entries)
    asked, calling, *results, answered = brought(TOOLS).entries
    assert not holds_foreign([asked, calling])
    assert all(holds_foreign([each]) for each in (*results, answered))


def test_what_has_no_place_here_is_told():
    assert brought(PLAIN).left_out == ("enabled_tools",)
    assert brought(TOOLS).left_out == ()
    assert brought("model: cohere:x\nmessages: []\n").left_out == ("the model cohere:x",)


def test_what_was_set_is_set_here_where_it_can_be():
    head = """\
temperature: 0
top_p: 0.5
save_session: true
enabled_mcp_servers: github, files
agent_instructions: Be brief.
"""
    chosen = brought(f"{head}{TOOLS}").session.choices
    assert chosen.options == {"temperature": 0, "top_p": 0.5}
    assert (chosen.persistence, chosen.mcp) == (Persistence.ALWAYS, ("github", "files"))
    assert chosen.system_prompt == "Be brief."
    assert brought(f"{head}{TOOLS}").left_out == ()
    assert brought(PLAIN).session.choices.system_prompt == "You are a pirate."


@pytest.mark.parametrize(
    "line",
    [
        "temperature: warm", "top_p: .nan", "temperature: true", "save_session: false",
        "use_tools: all", "enabled_mcp_servers: [a]", "compression_threshold: 4000",
        "agent_instructions: {a: b}", "role_name: pirate",
    ],
)  # fmt: skip
def test_a_setting_that_means_nothing_here_is_told_and_not_made_up(line: str):
    back = brought(f"{line}\n{TOOLS}")
    assert back.left_out == (line.partition(":")[0],)
    assert back.session.choices == Choices(model="anthropic:claude-sonnet-4")


def test_tool_calls_come_apart_into_calls_and_results():
    back = brought(TOOLS)
    check_batch(back.entries)
    _, calling, weather, now, answered = back.entries
    assert isinstance(calling, AssistantEntry)
    assert calling.content == "Let me look."
    assert [c.name for c in calling.calls] == ["get_weather", "now"]
    assert calling.calls[0].arguments == '{"city": "Oslo", "days": 2}'
    assert isinstance(weather, ToolEntry)
    assert (weather.call, weather.content) == ("call_1", '{"degrees": -3}')
    assert isinstance(now, ToolEntry)
    assert (now.call, now.content) == (calling.calls[1].id, "noon")
    assert answered.content == "Cold."
    assert back.session.choices.model == "anthropic:claude-sonnet-4"


def test_what_was_compressed_comes_first_and_its_summary_stands_for_it():
    back = brought(COMPRESSED)
    check_batch(back.entries)
    assert [type(e) for e in back.entries] == [
        UserEntry, AssistantEntry, SummaryEntry, UserEntry, AssistantEntry,
    ]  # fmt: skip
    summary = back.entries[2]
    assert isinstance(summary, SummaryEntry)
    assert summary.covers == (back.entries[0].id, back.entries[1].id)
    assert (summary.messages, back.session.messages) == (2, 4)
    assert back.left_out == ()


@pytest.mark.parametrize("said", ["yes", "on", "2026-01-30", "12:30:45", "=", "<<", "0o8", "1_000"])
def test_words_that_an_older_yaml_would_take_for_something_else_stay_words(said):
    back = brought(f"model: openai:x\nmessages:\n- role: user\n  content: {said}\n")
    assert back.entries[0].content == said


def test_images_are_named_and_not_fetched():
    text = """\
model: openai:gpt-4o
messages:
- role: user
  content:
  - type: text
    text: what is it?
  - type: image_url
    image_url:
      url: https://example.org/cat.png
  - type: image_url
    image_url:
      url: data:image/png;base64,aaaa
"""
    (asked,) = brought(text).entries
    assert isinstance(asked, UserEntry)
    assert asked.content == "what is it?"
    assert [a.name for a in asked.attachments] == ["https://example.org/cat.png", None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model: x\nmessages:\n- role: user\n", "messages[0].content: expected a text or a list"),
        ("model: x\nmessages:\n- content: a\n", "messages[0].role: expected a text"),
        ("model: x\nmessages:\n- role: imp\n  content: a\n", "messages[0].role: 'imp' is not one"),
        ("model: x\nmessages: [a]\n", "messages[0]: expected an object"),
        ("model: x\nmessages: 5\n", "messages: expected a list"),
        ("model: [\n", "line 2, column 1: no YAML that can be read"),
        ("model: 'x\nmessages: []", "line 2"),
        ("Dear diary", "this is no conversation"),
        ("a: b", "this is no conversation"),
        ("model: x\n---\nmessages: []\n", "line 2"),
        ("!!python/object:os.system {}\n", "line 1"),
        ("model: &m x\nmessages: [*m]\n", "line 2: no aliases here (*m)"),
        (f"model: {'[' * 99}{']' * 99}\n", "line 1: more than 64 levels deep"),
        (f"model: {'9' * 5000}\nmessages: []\n", "no YAML that can be read"),
    ],
)
def test_a_file_that_cannot_be_taken_says_where_and_why(text, told):
    assert refusal(text).startswith(told)


def test_a_session_that_does_not_say_whose_it_is_needs_a_key():
    assert "--as KEY" in refusal(PLAIN, key=None)


def test_calls_that_no_answer_follows_are_refused_with_their_place():
    cut = TOOLS.partition("- role: assistant")[0]
    assert refusal(cut).startswith("messages[0]: here begins a turn that is not whole")


def test_a_bomb_is_refused_before_it_goes_off():
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for old, new in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]")
    assert "aliases" in refusal("\n".join(lines))
