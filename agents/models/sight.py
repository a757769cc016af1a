"""Which models can be shown what beside words, and what those are told that cannot.

OpenAI: https://platform.openai.com/docs/guides/images-vision and …/guides/pdf-files
Anthropic: https://platform.claude.com/docs/en/build-with-claude/vision and …/pdf-support
Ollama: https://docs.ollama.com/capabilities/vision
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from agents.models.names import ANTHROPIC, OPENAI, ModelName
from agents.transcript import Media, UserSays

IMAGE = "image"
PDF = "pdf"
NOTHING: frozenset[str] = frozenset()
_IMAGES = frozenset({IMAGE})
_BOTH = frozenset({IMAGE, PDF})

# The longest prefix that fits a name counts.
TAKES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "gpt-4-turbo": _IMAGES,
        "gpt-4-vision": _IMAGES,
        "gpt-4o": _BOTH,
        "gpt-4o-audio": NOTHING,
        "gpt-4o-search": NOTHING,
        "gpt-4o-mini-audio": NOTHING,
        "gpt-4o-mini-search": NOTHING,
        "chatgpt-4o": _IMAGES,
        "gpt-4.1": _BOTH,
        "gpt-4.5": _BOTH,
        "gpt-5": _BOTH,
        "o1": _BOTH,
        "o1-mini": NOTHING,
        "o1-preview": NOTHING,
        "o3": _BOTH,
        "o3-mini": NOTHING,
        "o4-mini": _BOTH,
        "claude-": _BOTH,
        "claude-2": NOTHING,
        "claude-instant": NOTHING,
        "claude-3-haiku": _IMAGES,
        "claude-3-opus": _IMAGES,
        "claude-3-sonnet": _IMAGES,
        "gemini-": _IMAGES,
    }
)
_OPEN_MODELS = (
    "gemma3", "gemma-3", "internvl", "llama4", "llama-4", "llava", "minicpm-v", "mistral-small3.1",
    "mistral-small3.2", "moondream", "pixtral", "vision", "-vl", "vl:",
)  # fmt: skip


class MediaMode(StrEnum):
    """Whether models are shown images and documents, or told of them in words."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def takes_of(name: ModelName, mode: MediaMode, *, own_server: bool = False) -> frozenset[str]:
    """What a model can be shown.

    `own_server` says that somebody else's server speaks the provider's protocol: then documents
    are shown only where that is asked for.
    """
    documents = name.provider in (OPENAI, ANTHROPIC)
    if mode is MediaMode.NEVER:
        return NOTHING
    if mode is MediaMode.ALWAYS:
        return _BOTH if documents else _IMAGES
    known = _known(name.model.lower())
    return known if documents and not own_server else known & _IMAGES


def showable(said: UserSays, takes: Collection[str]) -> tuple[str, list[Media]]:
    """The words and the media of a message for a model: what it does not take becomes words."""
    if not said.media:
        return said.text, []
    shown = [media for media in said.media if media.ability in takes]
    unseen = [media for media in said.media if media.ability not in takes]
    return "\n".join([said.text, *map(_unseen, unseen)]), shown


def without(said: UserSays) -> UserSays:
    """The same message with all of its media as words."""
    return UserSays(showable(said, NOTHING)[0])


def _known(model: str) -> frozenset[str]:
    # Others put their own names before it or a size behind it: google/gemini-2.5-pro:free.
    for piece in re.split("[/:]", model):
        if fitting := [prefix for prefix in TAKES if piece.startswith(prefix)]:
            return TAKES[max(fitting, key=len)]
    return _IMAGES if any(word in model for word in _OPEN_MODELS) else NOTHING


def _unseen(media: Media) -> str:
    what = "image" if media.ability == IMAGE else "document"
    return f"[The {what} that came with this message cannot be shown to you.]"
