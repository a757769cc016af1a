"""What ``/status`` says about a conversation."""

from state.session import Session
from state.spending import MICRO, Spent


def status_text(session: Session, *, model: str, today: Spent) -> str:
    """The session's facts, and what was spent on it today, in Markdown, a line each."""
    context, totals = session.context, session.totals
    lines = [
        f"**{session.title or 'This conversation'}**",
        f"Session: `{session.key}`",
        f"State: {session.phase}, since {session.created_at:%Y-%m-%d %H:%M} UTC",
        f"Model: `{model}`",
        f"Messages: {session.messages}",
        f"Turns: {totals.turns}, of {totals.usage.input} tokens in and {totals.usage.output} out",
    ]
    lines.append(f"Today (UTC): {_spent(today)}")
    if context.limit:
        share = context.tokens / context.limit
        lines.append(f"Context: {context.tokens} of {context.limit} tokens ({share:.0%})")
    # Two spaces break a line, too, and are not seen in a terminal, which shows Markdown as it is.
    return "  \n".join(lines)


def _spent(today: Spent) -> str:
    tokens, dollars = f"{today.tokens} tokens", today.cost_micro / MICRO
    if today.unpriced:
        return f"{tokens}, ${dollars:.2f} and more" if dollars else f"{tokens}, cost unknown"
    return f"{tokens}, ${dollars:.2f}"
