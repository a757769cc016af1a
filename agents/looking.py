"""How much a turn's model is shown beside words, after it has refused what it was shown.

A picture that a provider cannot read must cost that picture and not the conversation. Media that
were shown in earlier turns were taken then, so the question's own are left out first, and told of
in words; only if that is not it, all are.
"""

from dataclasses import dataclass, replace

from agents.errors import BadRequest, ModelError, RequestTooLarge
from agents.models.model import Model, ModelRequest
from agents.models.sight import without
from agents.transcript import Said, UserSays


@dataclass(frozen=True, slots=True)
class Looking:
    """What is left out: the `question`'s media, and those of `everything` said before."""

    question: bool = False
    everything: bool = False

    def at(self, request: ModelRequest) -> ModelRequest:
        """The request with what is left out told of in words."""
        if self.everything:
            return replace(request, blind=True)
        if self.question:
            return replace(request, turn=tuple(map(_in_words, request.turn)))
        return request

    def less(self, error: ModelError, request: ModelRequest, model: Model) -> "Looking | None":
        """What to try next when a model refused the request; None when it was not shown more.

        Providers tell in as many words as there are providers that an image is not to their
        liking, so every refusal of a request with media is taken for one of them.
        """
        if not isinstance(error, BadRequest | RequestTooLarge) or self.everything:
            return None
        if not self.question and _shows(request.turn, model):
            return replace(self, question=True)
        earlier = any(media.ability in model.takes for media in request.transcript.media)
        return Looking(question=self.question, everything=True) if earlier else None


def _shows(turn: tuple[Said, ...], model: Model) -> bool:
    return any(
        media.ability in model.takes
        for said in turn
        if isinstance(said, UserSays)
        for media in said.media
    )


def _in_words(said: Said) -> Said:
    return without(said) if isinstance(said, UserSays) and said.media else said
