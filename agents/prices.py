"""What models cost: a small table, and the owner's own prices before it. Pure.

Prices are US dollars for a million tokens, which is the same number of millionths of a dollar for
one. They were read on 2026-11-21 from
OpenAI: https://platform.openai.com/docs/pricing
Anthropic: https://platform.claude.com/docs/en/about-claude/pricing
A model that is in neither table costs nothing, and whoever shows a cost says that it is unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from pydantic import ConfigDict, Field

from agents.models.names import ANTHROPIC, OFFLINE, OLLAMA, OPENAI
from state.history import Usage

_Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens; input from a cache costs `cached`, else as other input."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    input: _Dollars
    output: _Dollars
    cached: _Dollars | None = None

    def cost_micro(self, usage: Usage) -> int:
        """What a usage costs, in millionths of a US dollar."""
        cached = min(usage.cached, usage.input)
        from_cache = self.input if self.cached is None else self.cached
        dear = (usage.input - cached) * self.input + usage.output * self.output
        return round(dear + cached * from_cache)


FREE = Price(0, 0)

# A later number of the same family is another model with a price of its own: names fit whole,
# but for the date of their release.
_OPENAI: Mapping[str, Price] = MappingProxyType(
    {
        "gpt-3.5-turbo": Price(0.5, 1.5),
        "gpt-4-turbo": Price(10, 30),
        "gpt-4": Price(30, 60),
        "gpt-4o": Price(2.5, 10, 1.25),
        "gpt-4o-mini": Price(0.15, 0.6, 0.075),
        "gpt-4.1": Price(2, 8, 0.5),
        "gpt-4.1-mini": Price(0.4, 1.6, 0.1),
        "gpt-4.1-nano": Price(0.1, 0.4, 0.025),
        "gpt-5": Price(1.25, 10, 0.125),
        "gpt-5-mini": Price(0.25, 2, 0.025),
        "gpt-5-nano": Price(0.05, 0.4, 0.005),
        "o1": Price(15, 60, 7.5),
        "o3": Price(2, 8, 0.5),
        "o3-mini": Price(1.1, 4.4, 0.55),
        "o4-mini": Price(1.1, 4.4, 0.275),
    }
)
_ANTHROPIC: Mapping[str, Price] = MappingProxyType(
    {
        "claude-3-haiku": Price(0.25, 1.25, 0.03),
        "claude-3-5-haiku": Price(0.8, 4, 0.08),
        "claude-haiku-4-5": Price(1, 5, 0.1),
        "claude-3-7-sonnet": Price(3, 15, 0.3),
        "claude-sonnet-4": Price(3, 15, 0.3),
        "claude-sonnet-4-5": Price(3, 15, 0.3),
        "claude-sonnet-4-6": Price(3, 15, 0.3),
        "claude-opus-4": Price(15, 75, 1.5),
        "claude-opus-4-1": Price(15, 75, 1.5),
        "claude-opus-4-5": Price(5, 25, 0.5),
        "claude-opus-4-6": Price(5, 25, 0.5),
        "claude-opus-4-7": Price(5, 25, 0.5),
        "claude-opus-4-8": Price(5, 25, 0.5),
        "claude-opus-5": Price(5, 25, 0.5),
    }
)
_TABLES = {OPENAI: _OPENAI, ANTHROPIC: _ANTHROPIC}
_RELEASE = re.compile(r"-(\d{4}-\d\d-\d\d|\d{8}|latest)$")


def price_of(model: str, own: Mapping[str, Price] = MappingProxyType({})) -> Price | None:
    """The price of a model by its configured name (``openai:gpt-4o``), None when unknown.

    `own` prices, by the same names, come first. What runs on one's own machine is free.
    """
    if (price := own.get(model)) is not None:
        return price
    provider, _, name = model.partition(":")
    if provider in (OFFLINE, OLLAMA):
        return FREE
    return _TABLES.get(provider, {}).get(_RELEASE.sub("", name))
