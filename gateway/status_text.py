"""What ``/status`` says about a conversation."""

from state.session import Session


def status_text(session: Session, *, model: str) -> str:
    """The session's facts, in Markdown, a line each."""
    context, totals = session.context, session.totals
    lines = [
        f"**{session.title or 'This conversation'}**",
        f"Session: `{session.key}`",
        f"State: {session.phase}, since {session.created_at:%Y-%m-%d %H:%M} UTC",
        f"Model: `{session.model or model}`",
        f"Messages: {session.messages}",
        f"Turns: {totals.turns}, of {totals.usage.input} tokens in and {totals.usage.output} out",
    ]
    if context.limit:
        share = context.tokens / context.limit
        lines.append(f"Context: {context.tokens} of {context.limit} tokens ({share:.0%})")
    # Two spaces break a line, too, and are not seen in a terminal, which shows Markdown as it is.
    return "  \n".join(lines)
