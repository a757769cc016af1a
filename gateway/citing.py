"""What an agent repeats letter by letter from what it was told, and did not put together. Pure."""

from collections.abc import Iterable

from agents.transcript import AssistantSays, Said, ToolsSay, UserSays

_CITABLE = frozenset({"fetch", "read"})
"""Tools whose results are somebody's words. Others repeat their arguments, which a model can make
up: what it asked to be searched for, or a file that is not there."""


def is_cited(text: str, said: Iterable[Said]) -> bool:
    """Whether people wrote a text, or it was read, before the model said it.

    The model's own words prove nothing, and neither does an answer that quotes them.
    """
    for each in said:
        match each:
            case AssistantSays(words) if text in words:
                return False
            case UserSays(words):
                if text in words:
                    return True
            case ToolsSay(results):
                read = (r for r in results if r.name in _CITABLE and not r.failed)
                if any(text in result.content for result in read):
                    return True
    return False
