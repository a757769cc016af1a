"""What an operator can ask of the models: what there is, and whether it answers."""

from collections.abc import Sequence
from typing import Any

from agents.errors import AuthFailed, ModelError, NotReachable, Overloaded, TimedOut
from agents.models.http import new_session
from agents.models.names import ModelName
from agents.models.registry import list_models, make, resolve, test_model
from gateway.config import Settings
from gateway.daemon import model_settings

Json = dict[str, Any]


async def listed(settings: Settings) -> Json:
    """Every provider's models, and those in use with the reason why."""
    wanted = model_settings(settings)
    async with new_session() as http:
        listings = await list_models(wanted, http)
        try:
            found = await resolve(wanted, http)
            chosen, looked = [model.name for model in found.models], list(found.looked_for)
            problem = None
        except ModelError as error:
            chosen, looked, problem = [], [], str(error)
    return {
        "providers": [
            {"provider": each.provider, "models": list(each.models), "problem": each.problem}
            for each in listings
        ],
        "chosen": chosen,
        "looked_for": looked,
        "problem": problem,
    }


async def tested(settings: Settings, names: Sequence[str]) -> Json:
    """How the named models, or those in use, answer; one after the other."""
    wanted = model_settings(settings)
    tests: list[Json] = []
    async with new_session() as http:
        try:
            if names:
                models = [await make(ModelName.parse(name), wanted, http) for name in names]
            else:
                models = list((await resolve(wanted, http)).models)
        except ModelError as error:
            named = ", ".join(names) or wanted.model
            return {"tests": [_failed(named, error, 0.0)]}
        for model in models:
            trial = await test_model(model)
            if trial.error is not None:
                tests.append(_failed(trial.model, trial.error, trial.seconds))
            else:
                tests.append(_answered(trial.model, trial.answer, trial.first_word, trial.seconds))
    return {"tests": tests}


def _answered(model: str, answer: str | None, first: float | None, seconds: float) -> Json:
    return {
        "model": model,
        "answer": answer,
        "first_word": first,
        "seconds": seconds,
        "error": None,
        "code": None,
    }


def _failed(model: str, error: ModelError, seconds: float) -> Json:
    code = "failed"
    if isinstance(error, AuthFailed):
        code = "not_allowed"
    elif isinstance(error, NotReachable | Overloaded | TimedOut):
        code = "network_down"
    return {
        "model": model,
        "answer": None,
        "first_word": None,
        "seconds": seconds,
        "error": str(error),
        "code": code,
    }
