"""A log line for every step of a message, so that one message's way can be followed in the log.

It says what was done and how long that took, and no word of what was said. Whose message it was
(session, row, source) is bound where the step is made, see `logs`; events of others' steps say it.
"""

import structlog

from gateway.events import (
    Arrival,
    Arrived,
    FirstWords,
    GatewayEvent,
    ModelAnswered,
    PartSent,
    ToolEnded,
    TurnEnded,
    TurnStarted,
)

_log = structlog.get_logger("messages")


def log_event(event: GatewayEvent) -> None:
    """Log a step; give it to `Feed.watch`. What goes wrong is logged where it does."""
    match event:
        case Arrived(how=Arrival.ACCEPTED):
            _log.info("accepted", session=event.session, row=event.row)
        case Arrived(how=Arrival.DECLINED | Arrival.STRANGER):
            _log.info(event.how)
        case TurnStarted():
            _log.debug("turn_started")
        case ModelAnswered():
            _log.debug("model_answered", model=event.model, seconds=_shown(event.seconds))
        case FirstWords():
            _log.debug("first_words", seconds=_shown(event.seconds))
        case ToolEnded():
            seconds = _shown(event.seconds)
            _log.info("tool_used", tool=event.tool, failed=event.failed, seconds=seconds)
        case TurnEnded():
            # Messages that are answered together end in the last one's context.
            _log.info(
                "ended",
                row=event.row,
                source=event.source,
                outcome=event.outcome,
                parts=event.parts,
                seconds=_shown(event.seconds),
            )
        case PartSent():
            repeated = {"repeated": True} if event.repeated else {}
            _log.info("sent", seconds=_shown(event.seconds), **repeated)


def _shown(seconds: float) -> float:
    return round(seconds, 3)
