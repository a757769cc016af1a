"""What becomes of a conversation's words, as people are told. Pure."""

from agents.config import SessionSettings
from gateway.elapsed import span
from state.choices import Persistence


def words_kept(settings: SessionSettings) -> str:
    """Whether the words of a conversation that is kept so stay when it ends."""
    quiet = span(settings.idle_after)
    match settings.persistence:
        case Persistence.ALWAYS:
            return "kept"
        case Persistence.NEVER:
            return f"erased after {quiet} of quiet"
        case Persistence.ASK:
            return f"kept, or erased, as people say when they are asked after {quiet} of quiet"
