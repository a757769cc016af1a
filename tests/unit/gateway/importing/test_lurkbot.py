"""LurkBot's session files, from the example in its own documentation on."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from gateway.importing.brought import Brought, Unreadable
from gateway.importing.reading import read
from state.history import AssistantEntry, ToolEntry, UserEntry, check_batch
from state.keys import Address, SessionKey
from state.lifecycle import Phase
from tests.contracts.examples import NOON

SEED = {
    "key": "telegram:123456789:main",
    "type": "main",
    "channel": "telegram",
    "chat_id": "123456789",
    "created_at": "2026-01-30T10:00:00Z",
    "updated_at": "2026-01-30T12:30:00Z",
    "messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi there!"},
    ],
    "metadata": {"model": "claude-sonnet-4-20250514", "tools_used": ["bash", "read"]},
}
TEN = datetime(2026, 1, 30, 10, tzinfo=UTC)
CALL = {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"c":"ls"}'}}


def brought(*messages: dict, key: SessionKey | None = None, **fields: object) -> Brought:
    document = SEED | fields | ({"messages": list(messages)} if messages else {})
    return read(json.dumps(document).encode(), key=key, at=NOON)


def refusal(*messages: dict, **fields: object) -> str:
    with pytest.raises(Unreadable) as refused:
        brought(*messages, **fields)
    return str(refused.value)


def test_the_seeds_example_becomes_a_session():
    back = brought()
    asked, answered = back.entries
    assert isinstance(asked, UserEntry)
    assert isinstance(answered, AssistantEntry)
    assert (asked.content, answered.content) == ("Hello", "Hi there!")
    assert asked.address == Address("telegram", "123456789")
    assert answered.re == (asked.id,)
    assert answered.turn == asked.turn
    assert answered.model == "claude-sonnet-4-20250514"
    assert (asked.at, answered.at) == (TEN, TEN + timedelta(milliseconds=1))
    session = back.session
    assert str(session.key) == "telegram:123456789:main"
    assert (session.created_at, session.updated_at) == (TEN, TEN + timedelta(hours=2.5))
    assert (session.messages, session.phase) == (2, Phase.ACTIVE)
    assert session.choices.model == "anthropic:claude-sonnet-4-20250514"
    assert session.context.tokens > 0
    assert (back.form, back.left_out) == ("lurkbot", ())


def test_the_same_file_makes_the_same_entries():
    assert brought() == brought()
    ids = [entry.id for entry in brought().entries]
    assert len(set(ids)) == 2
    other = brought(key=SessionKey.parse("discord:5:group"))
    assert not {entry.id for entry in other.entries} & set(ids)


def test_a_model_that_could_be_anybodys_is_not_chosen():
    back = brought(metadata={"model": "mixtral"})
    assert back.session.choices.model is None
    assert back.left_out == ("the model mixtral",)


def test_questions_that_came_together_are_answered_together():
    back = brought(
        {"role": "user", "content": "one"},
        {"role": "user", "content": "two", "name": "Ann"},
        {"role": "assistant", "content": "both"},
        {"role": "user", "content": "and?"},
    )
    check_batch(back.entries)
    one, two, both, last = back.entries
    assert both.re == (one.id, two.id)
    assert two.sender.name == "Ann"
    assert last.turn is None


def test_tools_are_part_of_the_turn_that_called_them():
    back = brought(
        {"role": "user", "content": "what is there?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "a.txt"},
        {"role": "assistant", "content": "One file."},
    )
    check_batch(back.entries)
    asked, calling, result, answered = back.entries
    assert calling.calls[0].name == "bash"
    assert isinstance(result, ToolEntry)
    assert (result.name, result.call, result.content) == ("bash", "c1", "a.txt")
    assert {e.turn for e in back.entries} == {asked.turn}
    assert (calling.re, answered.re) == ((), (asked.id,))


@pytest.mark.parametrize(
    ("messages", "place"),
    [
        ([{"role": "assistant", "content": "", "tool_calls": [CALL]}], "messages[0]"),
        (
            [
                {"role": "assistant", "content": "", "tool_calls": [CALL]},
                {"role": "user", "content": "hello?"},
                {"role": "assistant", "content": "yes"},
            ],
            "messages[0]",
        ),
        ([{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "9", "content": "y"}],
         "messages[0]"),
    ],
)  # fmt: skip
def test_half_a_tool_pair_is_refused_where_its_turn_begins(messages, place):
    assert refusal(*messages).startswith(f"{place}: here begins a turn that is not whole")


def test_an_unknown_role_is_refused_with_its_place():
    told = refusal({"role": "user", "content": "a"}, {"role": "oracle", "content": "b"})
    assert told.startswith("messages[1].role: 'oracle' is not one of user, assistant, tool")


def test_what_is_no_message_is_refused_with_its_place():
    assert refusal({"role": "user", "content": 5}).startswith(
        "messages[0].content: expected a text"
    )
    assert refusal({"role": "user"}).startswith("messages[0].content: expected a text")
    assert refusal(messages="none").startswith("messages: expected a list")


def test_messages_keep_the_times_they_have():
    back = brought(
        {"role": "user", "content": "a", "timestamp": "2026-01-30T11:00:00+01:00"},
        {"role": "assistant", "content": "b", "timestamp": "2026-01-30T10:30:00"},
    )
    assert [e.at for e in back.entries] == [TEN, TEN + timedelta(minutes=30)]
    bad = refusal({"role": "user", "content": "a", "timestamp": "noon"})
    assert bad.startswith("messages[0].timestamp: 'noon' is no time")
    assert refusal(created_at=12).startswith("created_at: '12' is no time")


def test_a_file_without_times_began_when_it_is_said_to():
    assert brought(created_at=None, updated_at=None).session.created_at == NOON


def test_a_key_that_is_none_or_contradicts_itself_needs_another():
    contradicts = refusal(chat_id="5")
    assert contradicts.startswith("chat_id: '5' contradicts the key")
    assert "--as KEY" in contradicts
    document = json.dumps(SEED | {"key": "my session"}).encode()
    with pytest.raises(Unreadable, match="--as KEY"):
        read(document, key=None, at=NOON)
    key = SessionKey.parse("telegram:5:topic")
    assert read(document, key=key, at=NOON).session.key == key
