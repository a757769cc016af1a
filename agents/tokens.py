"""A cheap estimate of tokens, for what no provider has counted yet.

English takes about four characters a token. Other scripts take more tokens for fewer characters;
about three of their UTF-8 bytes make one. Estimates are meant to be a little too high: a context
that is shortened early costs less than a request that is refused.
"""

from agents.transcript import AssistantSays, Media, Said, UserSays

OVERHEAD = 4
"""Tokens that a message costs beside its words."""

IMAGE = 1_600
"""An image of 1.15 megapixels; larger ones are made smaller by their providers.
https://platform.claude.com/docs/en/build-with-claude/vision#calculate-image-costs"""

PDF = 3_000
"""A page: its text, and a picture of it.
https://platform.claude.com/docs/en/build-with-claude/pdf-support#estimate-your-costs"""

PDF_BYTES = 100_000
"""Bytes of a document that are taken for one page. To count its pages it would have to be read."""

LONGEST_PDF = 60_000
"""The most that a document is taken for: a wrong guess must not push everything else out."""


def of_text(text: str) -> int:
    """About how many tokens a text is; at least its UTF-8 bytes divided by four."""
    if text.isascii():
        return (len(text) + 3) // 4
    plain = len(text.encode("ascii", "ignore"))
    others = len(text.encode("utf-8", "replace")) - plain
    return (plain + 3) // 4 + (others + 2) // 3


def of_media(media: Media) -> int:
    """About how many tokens a picture or a document is, to a model that is shown it."""
    if media.ability == "image":
        return IMAGE
    return min(PDF * (1 + len(media.data) // PDF_BYTES), LONGEST_PDF)


def of_said(said: Said) -> int:
    """About how many tokens a part of a conversation is."""
    if isinstance(said, UserSays):
        return OVERHEAD + of_text(said.text) + sum(map(of_media, said.media))
    if isinstance(said, AssistantSays):
        calls = sum(OVERHEAD + of_text(call.name + call.arguments) for call in said.calls)
        return OVERHEAD + of_text(said.text) + calls
    return sum(OVERHEAD + of_text(result.content) for result in said.results)
