"""Buttons under a message, and what pressing one says. Pure.

https://docs.slack.dev/reference/block-kit/block-elements/button-element/
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload/
"""

from collections.abc import Sequence
from datetime import datetime

import orjson

from channels.slack import ids
from channels.slack.fields import channel_of, ts_of
from channels.slack.identity import Identity
from channels.slack.known import Known, Person
from state.messages import Button, ChatKind, InboundMessage, Part, Sender

Json = dict[str, object]

_OURS = "argent:say:"
_LONGEST_LABEL = 75


def blocks_of(part: Part) -> list[Json]:
    """A part's blocks, with its buttons below."""
    blocks: list[Json] = orjson.loads(part.text)
    return [*blocks, _row(part.buttons)] if part.buttons else blocks


def presser(payload: object) -> str | None:
    """The id of whoever pressed something, if that is what a payload tells. Never raises."""
    if not isinstance(payload, dict) or "actions" not in payload:
        return None
    who = _object(payload, "user").get("id")
    return who if isinstance(who, str) else None


def pressed(payload: Json, me: Identity, known: Known, at: datetime) -> InboundMessage | None:
    """What whoever pressed a button of ours said by it; None for other interactions.

    Raises TypeError or ValueError for a payload of another shape than Slack's.
    """
    if payload.get("type") != "block_actions":
        return None
    actions = payload.get("actions")
    if not isinstance(actions, list):
        raise TypeError("block_actions without actions")
    said = next((value for action in actions if (value := _said(action))), None)
    if said is None:
        return None
    who, trigger = presser(payload), payload.get("trigger_id")
    if not (who and isinstance(trigger, str) and trigger):
        raise TypeError("a press needs a trigger_id and a user")
    channel, thread = _place(payload)
    user = ids.user(me.team, _object(payload, "user").get("team_id"), who)
    person = known.people.get(who, Person(who))
    return InboundMessage(
        source=ids.press_source(me.team, trigger),
        id=trigger,
        address=ids.address(me.account, channel, thread),
        kind=_kind(channel, thread),
        sender=Sender(user, person.name, person.username),
        text=said,
        at=at,
        container=me.team,
    )


def _row(buttons: Sequence[Button]) -> Json:
    return {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                # Unlike its neighbours', as Slack wants it.
                "action_id": f"{_OURS}{index}",
                "text": {"type": "plain_text", "text": button.label[:_LONGEST_LABEL]},
                "value": button.says,
            }
            for index, button in enumerate(buttons)
        ],
    }


def _said(action: object) -> str | None:
    if not isinstance(action, dict) or not str(action.get("action_id", "")).startswith(_OURS):
        return None
    value = action.get("value")
    return value if isinstance(value, str) and value.strip() else None


def _place(payload: Json) -> tuple[str, str | None]:
    """The conversation and, in one, the thread that the message with the button is in."""
    message, container = _object(payload, "message"), _object(payload, "container")
    told = {**container, **message}
    channel = channel_of(container, "channel_id")
    thread = ts_of(told, "thread_ts") if told.get("thread_ts") is not None else None
    # A message that others reply to is in no thread itself.
    return channel, None if thread == container.get("message_ts") else thread


def _kind(channel: str, thread: str | None) -> ChatKind:
    if channel.startswith("D"):
        return ChatKind.DIRECT
    return ChatKind.GROUP if thread is None else ChatKind.THREAD


def _object(json: Json, name: str) -> Json:
    value = json.get(name)
    return value if isinstance(value, dict) else {}
