"""Models behind a breaker: one that is dead fails at once, and is probed until it answers."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing

import structlog

from agents.breaker import WHOLE, Breaker, counts
from agents.errors import ModelError, Resting
from agents.models.model import Model, ModelAnswer, ModelEvent, ModelRequest, Timeouts
from agents.models.registry import test_model

_log = structlog.get_logger(__name__)
_PATIENCE = Timeouts()
_PROBE_SECONDS = 30.0
_NEARLY = 0.9
"""Of somebody's patience: a call that is cancelled after so much silence was given up."""

Changed = Callable[[str, str | None], None]
"""Told of a model by its name: why it rests, or None when it answers again."""


class Breakers:
    """The breakers of all models, by name: agents that ask the same model share one.

    `close` ends the probes.
    """

    def __init__(
        self,
        *,
        timeouts: Timeouts = _PATIENCE,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.timeouts = timeouts
        self.now = now
        self.on_change: Changed = lambda _name, _why: None
        self._sleep = sleep
        self._breakers: dict[str, Breaker] = {}
        self._why: dict[str, str] = {}
        self._probes: set[asyncio.Task[None]] = set()
        self._closed = False

    def guard(self, model: Model) -> "Guarded":
        """The model behind its breaker."""
        return Guarded(model, self)

    @property
    def resting(self) -> Mapping[str, str]:
        """The models that are not asked now, and why."""
        return dict(self._why)

    def why_resting(self, name: str) -> str | None:
        """Why a model is not asked; None when it is."""
        return self._why.get(name)

    def answered(self, name: str) -> None:
        """A model answered."""
        self._breakers.pop(name, None)
        if self._why.pop(name, None) is not None:
            _log.info("model_answers_again", model=name)
            self.on_change(name, None)

    def failed(self, model: Model, began: float, why: str) -> None:
        """A call of a model, which began then, came to nothing."""
        before = self._breakers.get(model.name, WHOLE)
        after = self._breakers[model.name] = before.failed(began=began, now=self.now())
        if not after.resting or before.resting:
            return
        if self._closed:
            # Nobody would be there to ask it again.
            self._breakers.pop(model.name, None)
            return
        self._why[model.name] = why
        _log.warning("model_rests", model=model.name, why=why)
        probe = asyncio.create_task(self._probe(model), name=f"probe of {model.name}")
        self._probes.add(probe)
        probe.add_done_callback(self._probes.discard)
        self.on_change(model.name, why)

    async def close(self) -> None:
        """End all probes, and begin none. From now on every model is asked, whatever it did."""
        self._closed = True
        probes = tuple(self._probes)
        for probe in probes:
            probe.cancel()
        self._breakers.clear()
        while self._why:
            self.on_change(self._why.popitem()[0], None)
        await asyncio.gather(*probes, return_exceptions=True)

    async def _probe(self, model: Model) -> None:
        known = self._breakers.get(model.name, WHOLE)
        while known.resting:
            await self._sleep(known.rest)
            answers = self._is(model, known) and await self._answers(model)
            if not self._is(model, known):
                # A call from before had its answer. Failures since then have a probe of their own.
                return
            if answers:
                self.answered(model.name)
                return
            known = self._breakers[model.name] = known.probed_in_vain()

    def _is(self, model: Model, known: Breaker) -> bool:
        return self._breakers.get(model.name) is known

    async def _answers(self, model: Model) -> bool:
        limit = min(self.timeouts.first_byte, _PROBE_SECONDS)
        try:
            tested = await test_model(model, limit=limit)
        except Exception:
            # A defect must not end the one thing that lets the model be asked again.
            _log.exception("probe_broke", model=model.name)
            return False
        return tested.error is None or not counts(tested.error)


class Guarded:
    """A model that is asked as long as its breaker lets it be."""

    def __init__(self, model: Model, breakers: Breakers) -> None:
        self._model = model
        self._breakers = breakers

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    @property
    def window(self) -> int | None:
        """The model's."""
        return self._model.window

    @property
    def takes(self) -> frozenset[str]:
        """What the model takes."""
        return self._model.takes

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As the model's. Raises `Resting` at once where it is not asked."""
        breakers, timeouts = self._breakers, self._breakers.timeouts
        if (why := breakers.why_resting(self.name)) is not None:
            raise Resting(f"{self.name} is not asked until it answers a probe: {why}")
        began = heard = breakers.now()
        patience = timeouts.first_byte
        try:
            async with aclosing(self._model.stream(request)) as events:
                async for event in events:
                    if isinstance(event, ModelAnswer):
                        # Before it is handed over: nobody asks for more after an answer.
                        breakers.answered(self.name)
                    yield event
                    heard, patience = breakers.now(), timeouts.idle
        except ModelError as error:
            if counts(error):
                breakers.failed(self._model, began, str(error))
            else:
                breakers.answered(self.name)
            raise
        except asyncio.CancelledError:
            # Whoever asks keeps the time, and cancels what is silent for too long.
            silent = breakers.now() - heard
            if silent >= _NEARLY * patience:
                breakers.failed(self._model, began, f"no word within {silent:.0f} s")
            raise
