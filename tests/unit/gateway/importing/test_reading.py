"""A file is recognised by what is in it, and damage is told with its place."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.export import as_json
from gateway.importing.brought import Unreadable
from gateway.importing.reading import read
from state.codec import dumps
from state.session import Context
from tests.contracts.examples import KEY, NOON, after, session
from tests.properties.test_history import turns


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\xff\xfe{\x00", "byte 0: the file is not UTF-8"),
        (b'{"key": "telegram:1:main", "messages": [', "line 1, column 41: the file is cut"),
        (b'{"key":\n oops}', "line 2, column 2: the file is cut or damaged JSON"),
        (b'{"a": 1}', "this is no conversation that can be read; known are"),
        (b"[1]", "messages[0].value: expected an object"),
        (b"[" * 200_000, "the file is no JSON that can be read"),
        (b'"words"', "this is no conversation"),
        (b"\x00\x01", "no YAML that can be read"),
    ],
)
def test_what_is_no_conversation_says_why(data, told):
    with pytest.raises(Unreadable) as refused:
        read(data, key=KEY, at=NOON)
    assert str(refused.value).startswith(told)


def test_a_mark_of_the_byte_order_is_no_obstacle():
    data = b"\xef\xbb\xbf" + dumps(as_json(session(), ()))
    assert read(data, key=None, at=NOON).session == session()


@given(turns())
def test_any_history_leaves_and_comes_back_as_it_was(said):
    entries = [entry for turn in said for entry in turn]
    facts = replace(after(session(), entries), context=Context(7, 100)) if entries else session()
    back = read(dumps(as_json(facts, entries)), key=None, at=NOON)
    assert (back.session, list(back.entries)) == (facts, entries)


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_do_more_than_be_refused(data):
    with contextlib.suppress(Unreadable):
        read(data, key=KEY, at=NOON)
