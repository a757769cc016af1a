"""How every model did last, as far as this process has asked it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gateway.events import GatewayEvent, ModelAnswered, ModelFailed
from state.codec import time_to_json


class ModelRecord:
    """Remembers each model's last answer and last failure; give `note` to `Feed.watch`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answered: dict[str, datetime] = {}
        self._failed: dict[str, tuple[datetime, str]] = {}

    def note(self, event: GatewayEvent) -> None:
        """Something happened."""
        match event:
            case ModelAnswered(model=model):
                self._answered[model] = self._now()
            case ModelFailed(model=model, code=code):
                self._failed[model] = self._now(), code

    def told(self) -> list[dict[str, Any]]:
        """Every model that was asked: when it answered last, when it failed last, and with what."""
        return [self._of(model) for model in sorted({*self._answered, *self._failed})]

    def _of(self, model: str) -> dict[str, Any]:
        answered, failed = self._answered.get(model), self._failed.get(model)
        return {
            "model": model,
            "answered_at": None if answered is None else time_to_json(answered),
            "failed_at": None if failed is None else time_to_json(failed[0]),
            "error": None if failed is None else failed[1],
        }
