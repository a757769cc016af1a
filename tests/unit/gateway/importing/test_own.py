"""Our own documents, read again: what leaves comes back as it was."""

import json
from dataclasses import replace

import pytest

from gateway.export import as_json
from gateway.importing.brought import Unreadable, estimated
from gateway.importing.reading import read
from state.choices import Choices
from state.codec import entry_to_json
from state.history import UserEntry, stand_in
from state.keys import SessionId, SessionKey, side_session_id
from state.lifecycle import Event
from state.messages import StoredFile
from state.session import Context, Session, Totals
from state.store import NewerFormat
from tests.contracts.examples import KEY, NOON, after, later, picture, session, turn

OTHER = SessionKey.parse("discord:5:group")
TURNS = [*turn(1), *turn(2)]
FACTS = replace(
    after(session(title="Trip to Norway"), TURNS),
    choices=Choices(model="anthropic:large", skill="travel", tools=("time",)),
    totals=Totals(turns=2),
    context=Context(tokens=9, limit=100),
)


def exported(facts: Session = FACTS, entries=TURNS) -> dict:
    return json.loads(json.dumps(as_json(facts, entries)))


def written(document) -> bytes:
    return json.dumps(document).encode()


def brought(document, **given):
    return read(written(document), **{"key": None, "at": NOON} | given)


def refusal(document, **given) -> str:
    with pytest.raises(Unreadable) as refused:
        brought(document, **given)
    return str(refused.value)


def test_an_export_brings_back_every_entry_and_every_setting():
    back = brought(exported())
    assert list(back.entries) == TURNS
    assert back.session == FACTS
    assert (back.form, back.left_out) == ("argent", ())


def test_the_context_begins_where_this_store_says_and_not_where_another_did():
    slid = replace(FACTS, context=Context(tokens=9, limit=100, start=77))
    context = brought(exported(slid)).session.context
    assert (context.start, context.limit) == (0, 100)
    assert context.tokens == estimated(TURNS) > 9


def test_a_context_behind_a_summary_is_as_long_as_it_was():
    summary = stand_in(turn(1), name="s", at=later(2), content="They met.", tokens=4)
    entries = [*turn(1), summary, *turn(2)]
    facts = replace(FACTS, context=Context(tokens=9, limit=100, start=700, summary=400))
    context = brought(exported(facts, entries)).session.context
    assert context == Context(tokens=9, limit=100)
    assert estimated(entries) < estimated([*turn(1), *turn(2)])


def test_the_envelope_around_an_export_is_no_obstacle():
    data = {"format": "json", "document": exported()}
    envelope = {"ok": True, "kind": "export", "version": 1, "data": data}
    assert list(brought(envelope).entries) == TURNS
    data["format"], data["document"] = "markdown", "# Trip to Norway"
    assert "no JSON export" in refusal(envelope)


def test_all_keys_of_a_chat_that_moved_come_back():
    moved = replace(FACTS, key=OTHER, keys=(KEY, OTHER))
    assert brought(exported(moved)).session == moved


def test_a_persons_session_comes_back():
    person = replace(FACTS, id=SessionId("user-jason"), person="jason")
    assert brought(exported(person)).session == person


def test_a_side_session_comes_back_beside_its_base():
    side = replace(FACTS, id=side_session_id(FACTS.id, "work"), base=FACTS.id, name="Work")
    assert brought(exported(side)).session == side
    ours = replace(side, id=SessionId("user-jason.work"), base=SessionId("user-jason"))
    assert brought(exported(ours)).session == ours
    alone = brought(exported(side), key=OTHER).session
    assert (alone.id, alone.base, alone.name) == (OTHER.session_id, None, None)


def test_a_session_comes_back_to_its_agent():
    coder = replace(FACTS, agent="coder")
    assert brought(exported(coder)).session == coder
    assert "cannot be an agent's name" in refusal(exported() | {"agent": "../../etc"})


def test_another_key_makes_it_another_session():
    back = brought(exported(), key=OTHER)
    assert (back.session.id, back.session.key, back.session.keys) == (
        "discord_5_group", OTHER, (OTHER,),
    )  # fmt: skip
    assert back.session.title == "Trip to Norway"
    assert list(back.entries) == TURNS


def test_a_document_cannot_come_in_as_somebody_elses_session():
    assert "--as KEY" in refusal(exported() | {"id": "telegram_666_main"})
    assert "--as KEY" in refusal(exported() | {"id": "../../etc"})
    theirs = {"id": "telegram_666_main.work", "base": "telegram_666_main"}
    assert "--as KEY" in refusal(exported() | theirs)
    assert "--as KEY" in refusal(exported() | {"base": "telegram_666_main"})
    assert "--as KEY" in refusal(exported() | {"id": f"{FACTS.id}.work"})


def test_a_document_cannot_hand_out_another_sessions_files():
    theirs = StoredFile(SessionId("telegram_666_main"), "0123abcd.png", "x", "image/png", 1)
    answered = replace(TURNS[1], files=(theirs, picture()))
    back = brought(exported(entries=[TURNS[0], answered]))
    assert {file.session for file in back.entries[1].files} == {FACTS.id}
    other = brought(exported(entries=[TURNS[0], answered]), key=OTHER)
    assert {file.session for file in other.entries[1].files} == {"discord_5_group"}


def test_a_history_from_an_archive_comes_back_under_the_key_that_is_named():
    lines = [entry_to_json(entry) for entry in TURNS]
    back = brought(lines, key=KEY)
    assert list(back.entries) == TURNS
    assert (back.form, back.session.key, back.session.messages) == ("history", KEY, 4)
    assert back.session.created_at == TURNS[0].at
    assert [step.event for step in back.session.log] == [Event.MESSAGE]
    assert "--as KEY" in refusal(lines)
    assert brought([], key=KEY, at=later(5)).session.created_at == later(5)


def test_a_damaged_entry_is_named_by_its_place():
    document = exported()
    document["messages"][2]["at"] = "yesterday"
    assert refusal(document).startswith("messages[2].at: 'yesterday'")
    document["messages"][2] = {"role": "oracle"}
    assert refusal(document).startswith("messages[2].role: 'oracle' is not one of")


def test_half_a_turn_is_refused_with_its_place():
    alone = exported(entries=[*turn(1), turn(2)[0]])
    assert refusal(alone).startswith("messages[2]: here begins a turn that is not whole")
    twice = exported(entries=[*turn(1), *turn(1)])
    assert "same id" in refusal(twice)


def test_metadata_alone_is_no_export():
    assert refusal(exported() | {"messages": 4}).startswith("messages: expected the list")


def test_what_a_newer_argent_exported_is_left_to_it():
    with pytest.raises(NewerFormat):
        brought(exported() | {"version": 99})


def test_an_unfinished_question_may_stand_at_the_end():
    asked = replace(turn(3)[0], turn=None)
    assert isinstance(asked, UserEntry)
    assert list(brought(exported(entries=[*TURNS, asked])).entries) == [*TURNS, asked]
