"""Messages that arrived long after they were sent, because the gateway was not there."""

from collections.abc import Iterable
from datetime import timedelta

from gateway.notices import notice
from state.messages import Accepted, InboundMessage

LATE = timedelta(seconds=120)
"""From here on people wonder whether their message was heard: the answer says why it comes late."""


def note(accepted: Iterable[Accepted]) -> str:
    """The line, in Markdown, that the answer to these messages begins with; often nothing."""
    late = [_is_late(each) for each in accepted]
    count = sum(late)
    if count == 0:
        return ""
    if count > 1:
        text = notice("late_some", count=count)
    else:
        text = notice("late" if len(late) == 1 else "late_one")
    return f"*{text}*\n\n"


def _is_late(accepted: Accepted) -> bool:
    message = accepted.message
    return isinstance(message, InboundMessage) and accepted.at - message.at > LATE
