"""Whatever Telegram (or somebody in its place) sends, reading it never raises."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from channels.telegram.inbound import parse
from channels.telegram.presses import press_id
from state.messages import Correction, InboundMessage, Malformed, Migration
from tests.unit.channels.telegram.updates import (
    BOT,
    FORUM,
    GROUP,
    ME,
    PRIVATE,
    SUPERGROUP,
    in_topic,
    message,
    press,
    update,
)

NOW = datetime(2026, 1, 30, 12, tzinfo=UTC)
SEEDS: list[dict[str, Any]] = [
    update(message(text="/status@our_bot x")),
    update(message(GROUP, text="😀 @our_bot hi", reply_to_message=message(GROUP, text="q"))),
    update(message(GROUP, text="better", edit_date=1_769_767_260), "edited_message"),
    update(message(SUPERGROUP, migrate_from_chat_id=-4001)),
    update(in_topic(text="in a topic")),
    update(
        message(
            FORUM,
            caption="look",
            photo=[{"file_id": "F", "file_unique_id": "U", "width": 1, "height": 1}],
            forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": "Bob"},
        )
    ),
    update(message(PRIVATE, location={"latitude": 1.0, "longitude": 2.0})),
    update(
        message(
            GROUP,
            caption="look",
            media_group_id="13000000000000001",
            photo=[{"file_id": "F", "file_unique_id": "U", "width": 1, "height": 1}],
        )
    ),
    update(
        message(
            PRIVATE,
            voice={"file_id": "F", "file_unique_id": "U", "duration": 1, "mime_type": "audio/ogg"},
        )
    ),
    update(press(in_topic(text="thinking") | {"from": BOT}), "callback_query"),
    update(press({"chat": GROUP, "message_id": 5, "date": 0}), "callback_query"),
]
DAMAGED = 10_000 if settings.get_current_profile_name() == "slow" else 1_000
"""How many damaged payloads are tried."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = (
        value.items() if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list)
        else ()
    )  # fmt: skip
    return [path, *(p for key, child in children for p in _paths(child, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A real update with up to three of its values gone or replaced by anything."""
    raw: Any = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(_paths(raw)))
        if not path:
            raw = draw(JSON)
            continue
        parent = raw
        for key in path[:-1]:
            parent = parent[key]
        if draw(st.booleans()) and isinstance(parent, dict):
            del parent[path[-1]]
        else:
            parent[path[-1]] = draw(JSON)
    return raw


@pytest.mark.timeout(600)
@settings(max_examples=DAMAGED)
@given(damaged())
def test_a_damaged_update_is_read_passed_over_or_set_aside(raw: Any) -> None:
    before = copy.deepcopy(raw)
    inbound = parse(raw, ME, NOW)
    assert isinstance(press_id(raw), str | None)
    if isinstance(inbound, InboundMessage | Correction):
        assert isinstance(inbound.at, datetime)
        assert inbound.source.startswith("7001:")
        int(inbound.address.chat)
        int(inbound.id)
        assert not isinstance(inbound, Correction) or inbound.of.startswith("7001:")
        # What was read can be stored: every text is one.
        assert TypeAdapter(type(inbound)).dump_json(inbound, warnings="error")
    else:
        assert inbound is None or isinstance(inbound, Migration | Malformed)
    assert repr(raw) == repr(before)


@given(JSON)
def test_any_json_at_all_is_survived(raw: Any) -> None:
    assert not isinstance(parse(raw, ME, NOW), InboundMessage)
    assert press_id(raw) is None
