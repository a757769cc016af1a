"""Whatever Slack (or somebody in its place) sends, reading it never raises."""

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from channels.slack.identity import Identity
from channels.slack.inbound import parse, wanted
from channels.slack.known import Known, Person, Place, Room
from state.messages import Correction, Deletion, InboundMessage, Malformed
from tests.properties.test_telegram_updates import DAMAGED, JSON, _paths

NOW = datetime(2026, 1, 30, 12, tzinfo=UTC)
ME = Identity("slack", "T1", "UBOT", "B1", "argent", commands=frozenset({"status"}))
KNOWN = Known(
    {"U1": Person("Alice", "alice")},
    {"C1A": Place(Room.CHANNEL, "general")},
    {"F34": {"id": "F34", "name": "a.pdf", "mimetype": "application/pdf"}},
)


def _event(**event: Any) -> dict[str, Any]:
    event = {"type": "message", "user": "U1", "ts": "1769767260.000100", "channel": "C1A",
             "channel_type": "channel", "text": "<@UBOT> hi <https://x.org|x>"} | event  # fmt: skip
    return {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event}


_CHANGED = {"user": "U1", "text": "new", "ts": "1769767260.000100", "type": "message",
            "edited": {"user": "U1", "ts": "1769767270.000000"}}  # fmt: skip
SEEDS: list[dict[str, Any]] = [
    _event(),
    _event(type="app_mention"),
    _event(channel="D1A", channel_type="im", thread_ts="1769767000.000001"),
    _event(subtype="file_share", files=[
        {"id": "F12", "mimetype": "image/png", "size": 3, "url_private": "https://x.org/F12"},
        {"id": "F34", "mode": "file_access", "file_access": "check_file_info"},
    ]),
    _event(attachments=[{"is_share": True, "text": "x", "author_id": "U2"}]),
    _event(subtype="message_changed", message=_CHANGED, previous_message={"text": "old"}),
    _event(subtype="message_deleted", deleted_ts="1769767260.000100", event_ts="1769767300.000001",
           previous_message={"user": "U1", "text": "x", "thread_ts": "1769767000.000001"}),
    _event(subtype="message_changed", event_ts="1769767300.000001", previous_message={"user": "U1"},
           message={"subtype": "tombstone", "user": "USLACKBOT", "ts": "1769767260.000100"}),
    {"type": "block_actions", "user": {"id": "U1", "name": "alice"}, "trigger_id": "1.2.3",
     "container": {"type": "message", "message_ts": "1769767260.000100", "channel_id": "C1A"},
     "message": {"ts": "1769767260.000100", "thread_ts": "1769767000.000001"},
     "actions": [{"type": "button", "action_id": "argent:say:0", "value": "/stop"}]},
    {"command": "/argent", "text": "status", "channel_id": "C1A", "user_id": "U1",
     "user_name": "alice", "trigger_id": "1.2.3", "response_url": "https://hooks.slack.com/x"},
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A real payload with up to three of its values gone or replaced by anything."""
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
def test_a_damaged_payload_is_read_passed_over_or_set_aside(raw: Any) -> None:
    before = copy.deepcopy(raw)
    wanted(raw)
    inbound = parse(raw, ME, KNOWN, NOW)
    if isinstance(inbound, InboundMessage | Correction | Deletion):
        assert inbound.source.startswith("T1:")
        # What was read can be stored: every text is one.
        assert TypeAdapter(type(inbound)).dump_json(inbound, warnings="error")
    else:
        assert inbound is None or isinstance(inbound, Malformed)
    assert repr(raw) == repr(before)


def test_the_seeds_are_understood() -> None:
    kinds = [type(parse(seed, ME, KNOWN, NOW)) for seed in SEEDS]
    assert kinds == [
        *[InboundMessage] * 5, Correction, Deletion, Deletion, InboundMessage, InboundMessage
    ]  # fmt: skip


@given(JSON)
def test_whatever_began_a_thread_the_message_in_it_is_read(root: Any) -> None:
    begun = root if isinstance(root, dict) else {"user": "U1", "text": root}
    message = parse(SEEDS[0], ME, replace(KNOWN, root=begun), NOW)
    assert isinstance(message, InboundMessage)
    assert TypeAdapter(InboundMessage).dump_json(message, warnings="error")


@given(JSON)
def test_any_json_at_all_is_survived(raw: Any) -> None:
    wanted(raw)
    assert not isinstance(parse(raw, ME, KNOWN, NOW), InboundMessage)
