"""The models: whether their providers are there, take the key, and have what is named.

Only lists are asked for, which cost nothing; whether a model answers is for `argent models test`.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from agents.errors import (
    AuthFailed,
    ModelError,
    NotConfigured,
    NotReachable,
    Overloaded,
    TimedOut,
)
from agents.models.names import AUTO, OFFLINE, OLLAMA, ModelName
from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case

if TYPE_CHECKING:
    import aiohttp

    from agents.models.model import ModelSettings

NOT_CONFIGURED = Fault(
    "model-not-configured",
    Level.ERROR,
    "the model {where} cannot be used as it is set",
    "{how}",
    "argent setup, or correct agents.defaults.model; argent models list shows what there is",
)
DEMO = Fault(
    "model-demo",
    Level.WARNING,
    "answers come from the offline demo",
    "no model is set and none was found: {how}",
    "argent setup, or set OPENAI_API_KEY or ANTHROPIC_API_KEY, or start Ollama",
)
KEY_REFUSED = Fault(
    "model-key-refused",
    Level.ERROR,
    "{provider} does not accept the key, which {where} needs",
    "{how}",
    "set a key that is good as models.{provider}.api_key (or {variable}), then: argent models test",
)
UNREACHABLE = Fault(
    "model-unreachable",
    Level.ERROR,
    "{provider} does not answer, which {where} needs",
    "{how}",
    "check the network and models.{provider}.base_url, then: argent models test",
)
OLLAMA_DOWN = Fault(
    "model-ollama-down",
    Level.ERROR,
    "Ollama does not answer, which {where} needs",
    "{how}",
    "ollama serve (a service: systemctl start ollama), then: argent models test",
)
UNKNOWN = Fault(
    "model-unknown",
    Level.ERROR,
    "{provider} does not have the model {where}",
    "it is mistyped, was retired, or is not open to this key; there is, for instance: {some}",
    "name one that argent models list shows: argent models list",
)
NOT_PULLED = Fault(
    "model-not-pulled",
    Level.ERROR,
    "Ollama does not have the model {where}",
    "it was not pulled on that machine",
    "ollama pull {model}",
)
FAULTS = (NOT_CONFIGURED, DEMO, KEY_REFUSED, UNREACHABLE, OLLAMA_DOWN, UNKNOWN, NOT_PULLED)

_SOME = 3
_LISTED = ("openai", "anthropic", OLLAMA)


async def examine(case: Case, http: "aiohttp.ClientSession") -> list[Finding]:
    """What is wrong with the models that the agents are set to use."""
    settings = case.settings
    if settings is None:
        return []
    from gateway.daemon import model_settings

    findings: list[Finding] = []
    wanted = [model_settings(settings, settings.agents.of(n)) for n in settings.agents.names]
    for texts in dict.fromkeys((each.model, *each.fallbacks) for each in wanted):
        these = next(each for each in wanted if (each.model, *each.fallbacks) == texts)
        findings += await _of_agent(these, http)
    return list(dict.fromkeys(findings))


async def _of_agent(wanted: "ModelSettings", http: "aiohttp.ClientSession") -> list[Finding]:
    from agents.models.registry import resolve

    try:
        found = await resolve(wanted, http)
    except NotConfigured as error:
        return [NOT_CONFIGURED.at(wanted.model, how=error)]
    names = [ModelName.parse(model.name) for model in found.models]
    findings = []
    if ModelName.parse(wanted.model).provider == AUTO and names[0].provider == OFFLINE:
        findings.append(DEMO.at("agents.defaults.model", how="; ".join(found.looked_for)))
    providers = [p for p in dict.fromkeys(n.provider for n in names) if p in _LISTED]
    lists = await asyncio.gather(*(_list(provider, wanted, http) for provider in providers))
    offered = dict(zip(providers, lists, strict=True))
    return [*findings, *(f for name in names for f in _of_model(name, offered))]


async def _list(
    provider: str, wanted: "ModelSettings", http: "aiohttp.ClientSession"
) -> tuple[str, ...] | ModelError:
    from agents.models.providers import models_of

    try:
        return await models_of(provider, wanted, http)
    except ModelError as error:
        return error


def _of_model(
    name: ModelName, offered: Mapping[str, tuple[str, ...] | ModelError]
) -> Iterator[Finding]:
    provider, there = name.provider, offered.get(name.provider)
    where = str(name)
    match there:
        case AuthFailed():
            variable = f"{provider.upper()}_API_KEY"
            yield KEY_REFUSED.at(where, provider=provider, how=there, variable=variable)
        case NotReachable() | TimedOut() | Overloaded():
            down = OLLAMA_DOWN if provider == OLLAMA else UNREACHABLE
            yield down.at(where, provider=provider, how=there)
        case tuple() if not _has(there, name.model):
            if provider == OLLAMA:
                yield NOT_PULLED.at(where, model=name.model)
            elif there:
                yield UNKNOWN.at(where, provider=provider, some=", ".join(there[:_SOME]))


def _has(there: tuple[str, ...], model: str) -> bool:
    """Whether a list has the model: by its name, by one that dates it, or by Ollama's tag."""
    return any(each == model or each.startswith((f"{model}-", f"{model}:")) for each in there)
