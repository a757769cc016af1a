"""The pieces of tool calls, as different servers send them."""

from typing import Any

import pytest

from agents.errors import BadResponse
from agents.models.calls import LONGEST_ARGUMENTS, CallPieces, make_call
from state.history import ToolCall

A = "call_aaaaaaaa"
B = "call_bbbbbbbb"


def piece(
    index: int | None = None, identity: str | None = None, name: str | None = None, text: Any = ""
) -> dict[str, Any]:
    made: dict[str, Any] = {"function": {"name": name, "arguments": text}}
    if index is not None:
        made["index"] = index
    if identity is not None:
        made["id"] = identity
    return made


def together(*pieces: dict[str, Any]) -> list[tuple[str, str, str]]:
    numbers = iter(range(100))
    calls = CallPieces(new_id=lambda: f"new-{next(numbers)}")
    for one in pieces:
        calls.add(one)
    return [(call.id, call.name, call.arguments) for call in calls.finish()]


TWO = [(A, "x", '{"a":1}'), (B, "y", '{"b":2}')]


def test_numbered_pieces_as_openai_sends_them() -> None:
    assert (
        together(
            piece(0, A, "x"),
            piece(0, text='{"a"'),
            piece(0, text=":1}"),
            piece(1, B, "y"),
            piece(1, text='{"b":2}'),
        )
        == TWO
    )


def test_numbered_pieces_that_alternate() -> None:
    assert (
        together(
            piece(0, A, "x"),
            piece(1, B, "y"),
            piece(0, text='{"a":1}'),
            piece(1, text='{"b":2}'),
        )
        == TWO
    )


def test_calls_that_all_have_the_number_zero() -> None:
    assert together(piece(0, A, "x", '{"a":1}'), piece(0, B, "y", '{"b":2}')) == TWO


def test_calls_without_numbers() -> None:
    assert (
        together(piece(None, A, "x"), piece(text='{"a":1}'), piece(None, B, "y", '{"b":2}')) == TWO
    )


def test_calls_without_ids() -> None:
    assert together(piece(0, None, "x", '{"a":1}'), piece(0, None, "x", '{"b":2}')) == [
        ("new-0", "x", '{"a":1}'),
        ("new-1", "x", '{"b":2}'),
    ]


def test_a_name_that_is_repeated_in_every_piece() -> None:
    assert together(piece(0, A, "x", '{"a"'), piece(0, A, "x", ":1}")) == [(A, "x", '{"a":1}')]
    assert together(piece(0, None, "x", '{"a"'), piece(0, None, "x", ":1}")) == [
        ("new-0", "x", '{"a":1}')
    ]


def test_arguments_that_are_no_text() -> None:
    assert together(piece(0, A, "x", {"a": 1})) == [(A, "x", '{"a":1}')]
    assert together(piece(0, A, "x", None)) == [(A, "x", "{}")]


def test_a_piece_without_a_name_is_no_call() -> None:
    assert together(piece(0, A, None, "{}")) == []


@pytest.mark.parametrize("identity", ["", "0", "call_0", "functions.time:0", "x" * 41])
def test_ids_that_other_providers_refuse_or_that_come_again_are_replaced(identity: str) -> None:
    assert make_call(identity, "x", "{}", lambda: "new-00001").id == "new-00001"


def test_names_that_providers_refuse_are_made_acceptable() -> None:
    assert make_call(A, "rm -rf /", "") == ToolCall(A, "rm_-rf__", "{}")
    assert len(make_call(A, "x" * 100, "{}").name) == 64


def test_endless_arguments_are_a_bad_response() -> None:
    with pytest.raises(BadResponse):
        together(piece(0, A, "x"), *(piece(0, text="x" * 1000),) * (LONGEST_ARGUMENTS // 1000 + 1))
