"""What ``/status`` says about a conversation."""

from collections.abc import Iterator

from gateway.choosing_text import patterns, source
from gateway.kept_text import words_kept
from gateway.profiles import Profile
from gateway.setups import Setup
from gateway.siblings import called, shown
from state.session import Session
from state.spending import MICRO, Spent

_OTHERS = {
    "system_prompt": "Prompt",
    "options": "Options of the model",
    "mcp": "MCP servers",
}


def status_text(session: Session, setup: Setup, *, today: Spent) -> str:
    """The session's facts, what it is set to, and what was spent on it today, a line each."""
    context, totals = session.context, session.totals
    lines = [
        f"**{session.title or 'This conversation'}**",
        f"Session: `{session.key}`{_side(session)}",
        f"State: {session.phase}, since {session.created_at:%Y-%m-%d %H:%M} UTC",
        f"Model: `{setup.agent.model}`{_by(setup.profile, 'model')}",
        *_set(setup.profile),
        f"Messages: {session.messages}",
        f"Words: {words_kept(setup.kept)}{_by(setup.profile, 'persistence')}",
        f"Turns: {totals.turns}, of {totals.usage.input} tokens in and {totals.usage.output} out",
    ]
    lines.append(f"Today (UTC): {_spent(today)}")
    if context.limit:
        share = context.tokens / context.limit
        lines.append(f"Context: {context.tokens} of {context.limit} tokens ({share:.0%})")
    # Two spaces break a line, too, and are not seen in a terminal, which shows Markdown as it is.
    return "  \n".join(lines)


def _side(session: Session) -> str:
    """Which of a chat's conversations it is, where that is not the one it began with."""
    if session.base is None:
        return ""
    return f", {shown(called(session, session.base))}"


def _set(profile: Profile) -> Iterator[str]:
    """What is not as everybody has it, but for the model."""
    settings = profile.settings
    if settings.skill:
        yield f"Skill: `{settings.skill}`{_by(profile, 'skill')}"
    if settings.tools is not None:
        yield f"Tools: {patterns(settings.tools)}{_by(profile, 'tools')}"
    for name, what in _OTHERS.items():
        if name in profile.sources:
            yield f"{what}: {source(profile, name)}"


def _by(profile: Profile, name: str) -> str:
    return f", {source(profile, name)}" if name in profile.sources else ""


def _spent(today: Spent) -> str:
    tokens, dollars = f"{today.tokens} tokens", today.cost_micro / MICRO
    if today.unpriced:
        return f"{tokens}, ${dollars:.2f} and more" if dollars else f"{tokens}, cost unknown"
    return f"{tokens}, ${dollars:.2f}"
