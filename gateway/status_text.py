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
        f"Tokens: {totals.usage.input} in, {totals.usage.output} out, {totals.turns} turns",
    ]
    if context.limit:
        share = context.tokens / context.limit
        lines.append(f"Context: {context.tokens} of {context.limit} tokens ({share:.0%})")
    return "\\\n".join(lines)
