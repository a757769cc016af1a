"""How often a failing model is asked again, after how long, and when the next one is."""

from collections.abc import Callable, Sequence

from agents.errors import ModelError, RateLimited, TimedOut
from agents.looking import Looking
from agents.models.model import Model, ModelRequest

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 8.0
LONGEST_OBEYED_WAIT = 30.0
"""A provider that asks for more seconds than this is not waited for."""


class Attempts:
    """The course of one turn through the models: the first, then its fallbacks.

    A turn that has moved on to a fallback stays with it: the steps of one turn come from one
    model where possible.
    """

    def __init__(self, models: Sequence[Model], *, each: int, random: Callable[[], float]) -> None:
        if not models:
            raise ValueError("an agent needs a model")
        self._models = list(models)
        self._each = each
        self._random = random
        self._failures = 0
        self._first_error: ModelError | None = None
        self.looking = Looking()
        """What of the media is shown: less, once a model has refused them."""

    @property
    def model(self) -> Model:
        """The model whose turn it is."""
        return self._models[0]

    def succeeded(self) -> None:
        """The model answered: the turn's next step starts counting anew."""
        self._failures = 0
        self._first_error = None

    def failed(self, error: ModelError, request: ModelRequest) -> float:
        """Seconds to wait before `model` is asked `request` again; raises what cannot be mended.

        When every model failed, the error of the first one is raised: it is the one that its
        owner chose and has to look after.
        """
        if less := self.looking.less(error, request, self.model):
            self.looking = less
            return 0.0
        self._first_error = self._first_error or error
        if not error.elsewhere:
            raise error
        self._failures += 1
        alone = len(self._models) == 1
        wait = self._wait(error)
        # Silence has cost so much of the turn's time already that another model goes first.
        again = error.retryable and (alone or not isinstance(error, TimedOut))
        if again and self._failures < self._each and wait is not None:
            return wait
        if alone:
            raise self._first_error
        del self._models[0]
        self._failures = 0
        # What one model does not take, the next one may.
        self.looking = Looking()
        return 0.0

    def _wait(self, error: ModelError) -> float | None:
        asked = error.retry_after if isinstance(error, RateLimited) else None
        if asked is not None and asked > LONGEST_OBEYED_WAIT:
            return None
        backoff = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (self._failures - 1))
        # Jitter, so that chats which failed together do not come back together.
        backoff *= 0.5 + self._random() / 2
        return backoff if asked is None else asked + backoff / 2
