"""Slack's ids and our addresses, one from the other.

A message is named by its channel and its `ts`, which is a time and a number in one:
https://docs.slack.dev/messaging/retrieving-messages
"""

import re
from datetime import UTC, datetime

from channels.errors import Rejected
from state.keys import Address

_TS = re.compile(r"[0-9]{1,10}\.[0-9]{1,6}")
_TRIGGER = re.compile(r"[0-9]+\.[0-9]+\.[0-9a-f]+")
_CONVERSATION = re.compile(r"[CDG][A-Z0-9]{2,}")


class NoSlackId(Rejected):
    """An address that did not come from Slack."""


def address(account: str, channel: str, thread: str | None) -> Address:
    """The place that a conversation, and a thread in it, make. A thread is its root's ts."""
    return Address(account, channel, thread)


def channel_id(place: Address) -> str:
    """The conversation to send to. Raises `NoSlackId`."""
    if not _CONVERSATION.fullmatch(place.chat):
        raise NoSlackId(f"{place.chat!r} is no id of a Slack conversation (C…, D… or G…)")
    return place.chat


def thread_ts(place: Address) -> str | None:
    """The thread to send to. Raises `NoSlackId`."""
    if place.thread is not None and not is_ts(place.thread):
        raise NoSlackId(f"{place.thread!r} is no ts of a Slack thread")
    return place.thread


def is_ts(value: object) -> bool:
    """Whether this is a message's ts."""
    return isinstance(value, str) and _TS.fullmatch(value) is not None


def is_trigger(value: object) -> bool:
    """Whether this is the `trigger_id` that a run of the slash command is named by."""
    return isinstance(value, str) and _TRIGGER.fullmatch(value) is not None


def user(ours: str, team: object, number: str) -> str:
    """What tells somebody from everybody else: a user's id is unique in their workspace only.

    Whoever comes from another one, by a shared channel, is named with it (``T…/U…``), so that
    nobody there can be taken for one of us: https://docs.slack.dev/reference/objects/user-object/
    """
    foreign = isinstance(team, str) and team and team != ours
    return f"{team}/{number}" if foreign else number


def is_conversation(value: object) -> bool:
    """Whether this is a conversation's id."""
    return isinstance(value, str) and _CONVERSATION.fullmatch(value) is not None


def moment(ts: str) -> datetime:
    """When a message was written."""
    return datetime.fromtimestamp(float(ts), UTC)


def ts_of(at: datetime) -> str:
    """The ts that a message of that moment has."""
    return f"{at.timestamp():.6f}"


def before(ts: str, *, seconds: int = 0) -> str:
    """A ts that lies just before another, or so many seconds, as a place to read on from."""
    whole, _, number = ts.partition(".")
    micros = (int(whole) - seconds) * 1_000_000 + int(number.ljust(6, "0")) - 1
    return f"{max(micros, 0) // 1_000_000}.{max(micros, 0) % 1_000_000:06d}"


def message_source(team: str, channel: str, ts: str) -> str:
    """What identifies a message for ever: `app_mention` and `message` tell of the same one."""
    return f"{team}:{channel}:{ts}"


def edit_source(team: str, channel: str, ts: str, edited: str) -> str:
    """What identifies one edit of a message."""
    return f"{message_source(team, channel, ts)}:edit:{edited}"


def command_source(team: str, trigger: str) -> str:
    """What identifies a run of the slash command."""
    return f"{team}:command:{trigger}"


def deletion_source(team: str, channel: str, ts: str) -> str:
    """What identifies that a message was deleted."""
    return f"{message_source(team, channel, ts)}:deleted"


def press_source(team: str, trigger: str) -> str:
    """What identifies one press of a button."""
    return f"{team}:press:{trigger}"


def event_source(team: str, event: str) -> str:
    """What identifies an event of which nothing more could be understood."""
    return f"{team}:event:{event}"
