"""A cheap estimate of tokens, for what no provider has counted yet.

English takes about four characters a token. Other scripts take more tokens for fewer characters;
about three of their UTF-8 bytes make one. Estimates are meant to be a little too high: a context
that is shortened early costs less than a request that is refused.
"""

from agents.transcript import AssistantSays, Said, UserSays

OVERHEAD = 4
"""Tokens that a message costs beside its words."""


def of_text(text: str) -> int:
    """About how many tokens a text is; at least its UTF-8 bytes divided by four."""
    if text.isascii():
        return (len(text) + 3) // 4
    plain = len(text.encode("ascii", "ignore"))
    others = len(text.encode("utf-8", "replace")) - plain
    return (plain + 3) // 4 + (others + 2) // 3


def of_said(said: Said) -> int:
    """About how many tokens a part of a conversation is."""
    if isinstance(said, UserSays):
        return OVERHEAD + of_text(said.text)
    if isinstance(said, AssistantSays):
        calls = sum(OVERHEAD + of_text(call.name + call.arguments) for call in said.calls)
        return OVERHEAD + of_text(said.text) + calls
    return sum(OVERHEAD + of_text(result.content) for result in said.results)
