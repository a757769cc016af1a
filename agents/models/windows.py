"""What is known of common models' limits, in tokens.

OpenAI: https://platform.openai.com/docs/models
Anthropic: https://platform.claude.com/docs/en/about-claude/models/overview
Ollama: https://docs.ollama.com/context-length
"""

from collections.abc import Mapping
from types import MappingProxyType

# The longest prefix that fits a name counts.
WINDOWS: Mapping[str, int] = MappingProxyType(
    {
        "gpt-3.5-turbo": 16_385,
        "gpt-4": 8_192,
        "gpt-4-turbo": 128_000,
        "gpt-4o": 128_000,
        "chatgpt-4o": 128_000,
        "gpt-4.1": 1_047_576,
        "gpt-5": 400_000,
        "gpt-5-chat": 128_000,
        "o1": 200_000,
        "o1-mini": 128_000,
        "o3": 200_000,
        "o4-mini": 200_000,
        "claude-": 200_000,
        "claude-opus-4-6": 1_000_000,
        "claude-opus-4-7": 1_000_000,
        "claude-opus-4-8": 1_000_000,
        "claude-opus-5": 1_000_000,
        "claude-sonnet-4-6": 1_000_000,
        "claude-sonnet-5": 1_000_000,
    }
)

OLLAMA_WINDOW = 4_096
"""What Ollama gives a model unless its owner set more. It drops older words without a word."""

ANTHROPIC_OUTPUT = 8_192
"""The longest answer asked for by default; Anthropic wants to be told one."""

_ANTHROPIC_SMALL_OUTPUT = 4_096


def window_of(model: str) -> int | None:
    """The context window of a model by its provider's name for it, None when unknown."""
    fitting = [prefix for prefix in WINDOWS if model.startswith(prefix)]
    return WINDOWS[max(fitting, key=len)] if fitting else None


def anthropic_output(model: str) -> int:
    """The longest answer to ask an Anthropic model for."""
    old = ("claude-3-opus", "claude-3-sonnet", "claude-3-haiku")
    return _ANTHROPIC_SMALL_OUTPUT if model.startswith(old) else ANTHROPIC_OUTPUT
