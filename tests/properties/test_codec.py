"""What is written reads back as itself, and anything else is refused by a named field."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.codec import (
    InvalidValue,
    dumps,
    entry_from_json,
    entry_to_json,
    extras_from_json,
    extras_to_json,
    loads,
    message_from_json,
    message_to_json,
    session_from_json,
    session_to_json,
)
from state.history import Entry
from state.messages import Correction, Deletion, InboundMessage, Part
from state.session import Session
from tests.properties.entries import ENTRY, MESSAGE, PART, sessions

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "at", "role", "content", "from", "key", "version", "turn"])
            | st.text(max_size=3),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(ENTRY)
def test_an_entry_reads_back_as_itself(entry: Entry) -> None:
    line = dumps(entry_to_json(entry))
    assert b"\n" not in line
    assert entry_from_json(loads(line)) == entry
    assert json.loads(line) == loads(line)


@given(ENTRY, st.dictionaries(st.text(max_size=5).map("future_".__add__), JSON, max_size=3))
def test_unknown_fields_do_no_harm(entry: Entry, extra: dict[str, object]) -> None:
    assert entry_from_json(extra | entry_to_json(entry)) == entry


@given(sessions())
def test_a_session_reads_back_as_itself(session: Session) -> None:
    assert session_from_json(loads(dumps(session_to_json(session)))) == session


@given(MESSAGE)
def test_a_message_reads_back_as_itself(message: InboundMessage | Correction | Deletion) -> None:
    assert message_from_json(loads(dumps(message_to_json(message)))) == message


@given(PART)
def test_what_goes_with_a_parts_words_reads_back_as_itself(part: Part) -> None:
    written = extras_to_json(part)
    assert extras_from_json(loads(dumps(written))) == (part.file, part.buttons)
    assert bool(written) == bool(part.file or part.buttons), "most parts have nothing to write"


@given(JSON)
def test_anything_else_is_refused_and_never_crashes(value: object) -> None:
    for read in (entry_from_json, message_from_json, extras_from_json):
        with suppress(InvalidValue):
            read(value)


@given(ENTRY, st.data())
def test_a_field_of_the_wrong_kind_is_named(entry: Entry, data: st.DataObject) -> None:
    written = entry_to_json(entry)
    field = data.draw(st.sampled_from(sorted(written)))
    written[field] = object()
    with pytest.raises(InvalidValue, match=f"^{field}"):
        entry_from_json(written)


@given(st.text(st.characters(categories=["Cs", "L", "Cc"]), max_size=9))
def test_lone_surrogates_are_written_as_their_escapes(text: str) -> None:
    written = dumps({"content": text})
    (read,) = loads(written).values()
    assert read == text.encode("utf-8", "backslashreplace").decode()
