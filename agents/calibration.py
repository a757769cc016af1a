"""How far our estimates of tokens are from what providers count, for each model.

An estimate knows no tokenizer. What a provider says of a whole request tells how its model's
tokens differ from ours, and corrects what is estimated next.
"""

WEIGHT = 0.2
"""How much one request changes the correction: an exponential average over about the last five."""

SMALLEST, LARGEST = 0.5, 3.0
"""A correction beyond these is no tokenizer's: somebody counts something else."""

LEAST = 200
"""Tokens below which a request is mostly what surrounds it, and says little of words."""


class Calibrations:
    """The correction of each model, by its configured name; 1 until something was counted."""

    def __init__(self) -> None:
        self._factors: dict[str, float] = {}

    def learn(self, model: str, *, estimated: int, counted: int) -> None:
        """A provider counted what we had estimated."""
        if min(estimated, counted) < LEAST:
            return
        seen = min(max(counted / estimated, SMALLEST), LARGEST)
        before = self._factors.get(model)
        # The first one is all that is known; to begin from 1 would be to trust a guess more.
        self._factors[model] = seen if before is None else before + WEIGHT * (seen - before)

    def corrected(self, model: str, estimated: int) -> int:
        """An estimate as the model's provider would probably count it."""
        return round(estimated * self._factors.get(model, 1.0))
