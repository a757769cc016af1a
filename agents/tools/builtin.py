"""Two harmless tools: the time, and the facts about the session."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from agents.tools.tool import Arguments, Tool, ToolFailed, describe
from state.session import Session
from state.trust import Trust


class TimeArguments(Arguments):
    """Which time is asked for."""

    zone: str | None = Field(
        default=None, description="An IANA time zone, such as Europe/Berlin. UTC if left out."
    )


class NoArguments(Arguments):
    """Nothing to ask for."""


TIME = describe("current_time", "The current date and time.", TimeArguments)
SESSION = describe(
    "session_status",
    "Facts about this conversation: its key and type, how far it is trusted, its state, agent and "
    "model, messages, age, use of the context.",
    NoArguments,
)


def harmless_tools(
    session: Session,
    *,
    model: str | None = None,
    window: int | None = None,
    trust: Trust | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> tuple[Tool[Any], ...]:
    """The tools for a turn of this session. Cheap to make: what is told of them is made once."""

    async def current_time(arguments: TimeArguments) -> str:
        return tell_time(now(), arguments.zone)

    async def session_status(_: NoArguments) -> str:
        return tell_facts(session, model=model, window=window, trust=trust)

    return (
        Tool(TIME, TimeArguments, current_time),
        Tool(SESSION, NoArguments, session_status),
    )


def tell_time(at: datetime, zone: str | None) -> str:
    """A time in words and numbers. Raises `ToolFailed` for an unknown zone."""
    try:
        local = at.astimezone(ZoneInfo(zone or "UTC"))
    except (KeyError, ValueError, OSError):
        # OSError: a name such as "Europe" is a folder in the time zone database.
        raise ToolFailed(
            f"There is no time zone {zone!r}. Use an IANA name, such as Europe/Berlin."
        ) from None
    return f"{local:%A}, {local.isoformat(timespec='seconds')} ({zone or 'UTC'})"


def tell_facts(
    session: Session, *, model: str | None, window: int | None, trust: Trust | None = None
) -> str:
    """The facts about a session, one a line; `trust` is that in whoever speaks."""
    limit = session.context.limit or window
    context = f"{session.context.tokens} tokens"
    if limit:
        context += f" of {limit} ({session.context.tokens / limit:.0%})"
    facts = {
        "key": session.key,
        "type": session.key.type,
        "trust": trust or "unknown",
        "state": session.phase,
        "agent": session.agent,
        "messages": session.messages,
        "model": model or session.choices.model or "unknown",
        "created": session.created_at.isoformat(timespec="seconds"),
        "context": context,
    }
    return "\n".join(f"{name}: {value}" for name, value in facts.items())
