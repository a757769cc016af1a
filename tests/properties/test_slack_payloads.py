"""Whatever Slack (or somebody in its place) sends, reading it never raises."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from channels.slack.identity import Identity
from channels.slack.inbound import parse, wanted
from channels.slack.known import Known, Person, Place, Room
from state.messages import Correction, InboundMessage, Malformed
from tests.properties.test_telegram_updates import DAMAGED, JSON, _paths

NOW = datetime(2026, 1, 30, 12, tzinfo=UTC)
ME = Identity("slack", "T1", "UBOT", "B1", "argent", commands=frozenset({"status"}))
KNOWN = Known({"U1": Person("Alice", "alice")}, {"C1A": Place(Room.CHANNEL, "general")})


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
    _event(subtype="file_share", files=[{"id": "F1", "mimetype": "image/png", "size": 3}]),
    _event(attachments=[{"is_share": True, "text": "x", "author_id": "U2"}]),
    _event(subtype="message_changed", message=_CHANGED, previous_message={"text": "old"}),
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
    if isinstance(inbound, InboundMessage | Correction):
        assert inbound.source.startswith("T1:")
        # What was read can be stored: every text is one.
        assert TypeAdapter(type(inbound)).dump_json(inbound, warnings="error")
    else:
        assert inbound is None or isinstance(inbound, Malformed)
    assert repr(raw) == repr(before)


def test_the_seeds_are_understood() -> None:
    kinds = [type(parse(seed, ME, KNOWN, NOW)) for seed in SEEDS]
    assert kinds == [InboundMessage] * 5 + [Correction, InboundMessage]


@given(JSON)
def test_any_json_at_all_is_survived(raw: Any) -> None:
    wanted(raw)
    assert not isinstance(parse(raw, ME, KNOWN, NOW), InboundMessage)
