"""Names of models: ``provider:model``, ``offline`` and ``auto``."""

from dataclasses import dataclass
from difflib import get_close_matches

from agents.errors import NotConfigured

AUTO = "auto"
OFFLINE = "offline"
OPENAI = "openai"
ANTHROPIC = "anthropic"
OLLAMA = "ollama"
PYDANTIC_AI = "pydantic-ai"
OWN = (OPENAI, ANTHROPIC, OLLAMA)
"""Providers that Argent speaks to itself."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """A configured name, taken apart. `model` is empty for ``offline`` and ``auto``."""

    provider: str
    model: str = ""

    @classmethod
    def parse(cls, text: str) -> "ModelName":
        """Read a name. Raises `NotConfigured` with what was probably meant."""
        text = text.strip()
        if text in (AUTO, OFFLINE):
            return cls(text)
        provider, colon, model = text.partition(":")
        if provider and model:
            return cls(provider, model)
        if colon and provider in OWN:
            raise NotConfigured(f"{text!r} names no model: write {provider}:NAME")
        raise NotConfigured(f"{text!r} is no model: {_meant(text)}")

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}" if self.model else self.provider


def _meant(text: str) -> str:
    if text.startswith(("gpt-", "o1", "o3", "o4", "chatgpt-")):
        return f"did you mean {OPENAI}:{text}?"
    if text.startswith("claude"):
        return f"did you mean {ANTHROPIC}:{text}?"
    if close := get_close_matches(text, (AUTO, OFFLINE), 1):
        return f"did you mean {close[0]}?"
    return "write openai:NAME, anthropic:NAME, ollama:NAME, offline or auto"
