"""From names to models: what is configured, what is there, and what Argent chooses by itself."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

import aiohttp

from agents.errors import BadResponse, ModelError, NotConfigured, TimedOut
from agents.models.anthropic import AnthropicModel
from agents.models.model import Model, ModelAnswer, ModelRequest, ModelSettings
from agents.models.names import ANTHROPIC, AUTO, OFFLINE, OLLAMA, OPENAI, ModelName
from agents.models.offline import OfflineModel
from agents.models.openai import OpenAIModel
from agents.models.providers import (
    endpoint_of,
    has_own_server,
    models_of,
    ollama_chat,
    ollama_takes,
    ollama_window,
)
from agents.models.sight import MediaMode, takes_of
from agents.models.windows import window_of
from agents.transcript import Transcript, UserSays

_PREFERRED = {
    OPENAI: ("gpt-5-mini", "gpt-4.1-mini", "gpt-4o-mini"),
    ANTHROPIC: ("claude-sonnet-4-5", "claude-sonnet-5", "claude-sonnet-4-6"),
}
"""What `auto` takes, the first that is there; the first of all when a list cannot be had."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The models to use, fallbacks last, and what was looked for to find them, in order."""

    models: tuple[Model, ...]
    looked_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The models of one provider, as they are written in the configuration.

    `problem` says why there are none.
    """

    provider: str
    models: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of a trial: the answer, seconds to its first word and to its end, or the error."""

    model: str
    answer: str | None = None
    first_word: float | None = None
    seconds: float = 0.0
    error: ModelError | None = None


async def resolve(settings: ModelSettings, http: aiohttp.ClientSession) -> Resolution:
    """The models that are meant by the settings.

    Raises `NotConfigured` when one of them cannot be what is meant; whether a provider answers is
    not tried, but for ``auto`` and for Ollama's window.
    """
    looked: list[str] = []
    models = []
    for text in (settings.model, *settings.fallbacks):
        name = ModelName.parse(text)
        if name.provider == AUTO:
            name = await _auto(settings, http, looked)
        models.append(await make(name, settings, http))
    return Resolution(tuple(models), tuple(looked))


async def make(name: ModelName, settings: ModelSettings, http: aiohttp.ClientSession) -> Model:
    """The model of a name other than ``auto``. Raises `NotConfigured`."""
    model = name.model
    window = settings.window or window_of(model)
    if name.provider == OFFLINE:
        return OfflineModel()
    if name.provider == ANTHROPIC:
        return AnthropicModel(
            http,
            endpoint_of(ANTHROPIC, settings),
            model,
            name=str(name),
            window=window,
            max_output=settings.max_output,
            takes=takes_of(name, settings.media),
            options=settings.options,
        )
    if name.provider in (OPENAI, OLLAMA):
        ollama = name.provider == OLLAMA
        if ollama and settings.window is None:
            window = await ollama_window(settings, http, model)
        takes = takes_of(name, settings.media, own_server=has_own_server(settings))
        if ollama and settings.media is MediaMode.AUTO:
            said = await ollama_takes(settings, http, model)
            takes = takes if said is None else said
        return OpenAIModel(
            http,
            ollama_chat(settings) if ollama else endpoint_of(OPENAI, settings),
            model,
            name=str(name),
            window=window,
            max_output=settings.max_output,
            takes=takes,
            options=settings.options,
        )
    from agents.models.pydantic_ai import PydanticAIModel

    return PydanticAIModel(
        name,
        window=window,
        max_output=settings.max_output,
        takes=takes_of(name, settings.media),
        options=settings.options,
    )


async def list_models(settings: ModelSettings, http: aiohttp.ClientSession) -> tuple[Listing, ...]:
    """What every provider has, asked all at once."""

    async def one(provider: str) -> Listing:
        try:
            found = await models_of(provider, settings, http)
        except ModelError as error:
            return Listing(provider, problem=str(error))
        return Listing(provider, tuple(f"{provider}:{model}" for model in found))

    listings = await asyncio.gather(*(one(p) for p in (OPENAI, ANTHROPIC, OLLAMA)))
    return (*listings, Listing(OFFLINE, (OFFLINE,)))


async def test_model(model: Model, *, limit: float = 60.0) -> Tested:  # noqa: PT028
    """Ask a model for one word, within `limit` seconds."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    first: float | None = None
    question = UserSays("Answer with the single word: OK")
    request = ModelRequest("", Transcript(), (question,))
    try:
        async with asyncio.timeout(limit), aclosing(model.stream(request)) as events:
            async for event in events:
                first = first if first is not None else loop.time() - start
                if isinstance(event, ModelAnswer):
                    return Tested(model.name, event.text, first, loop.time() - start)
        raise BadResponse("the model ended without an answer")
    except TimeoutError:
        return Tested(model.name, error=TimedOut("first byte", limit), seconds=limit)
    except ModelError as error:
        return Tested(model.name, error=error, seconds=loop.time() - start)


async def _auto(
    settings: ModelSettings, http: aiohttp.ClientSession, looked: list[str]
) -> ModelName:
    """What is there: a server of one's own, a key, a running Ollama, else the offline demo.

    Whoever names a server shall not get a demo because it started late: raises `NotConfigured`.
    """
    for provider in (OPENAI, ANTHROPIC):
        if provider == OPENAI and has_own_server(settings):
            where = f"a server at {settings.openai_base_url} (OPENAI_BASE_URL)"
            name = await _running(OPENAI, where, settings, http, looked)
        else:
            name = await _with_key(provider, settings, http, looked)
        if name is not None:
            return name
    where = f"Ollama at {settings.ollama_base_url}"
    name = await _running(OLLAMA, where, settings, http, looked)
    if name is not None:
        return name
    if has_own_server(settings):
        raise NotConfigured(
            f"{looked[0]}. Start that server, or name its model, which may then start later: "
            "agents.defaults.model = 'openai:NAME'"
        )
    looked.append("nothing else to try, so the offline demo")
    return ModelName(OFFLINE)


async def _with_key(
    provider: str, settings: ModelSettings, http: aiohttp.ClientSession, looked: list[str]
) -> ModelName | None:
    """A provider that there is a key for.

    A key that does not work is taken all the same: its owner shall see the error, and not a demo.
    """
    variable = f"{provider.upper()}_API_KEY"
    given = settings.openai_api_key if provider == OPENAI else settings.anthropic_api_key
    if not given:
        looked.append(f"{variable}: not set")
        return None
    name = ModelName(provider, _PREFERRED[provider][0])
    try:
        name = _prefer(provider, await models_of(provider, settings, http)) or name
    except NotConfigured:
        raise
    except ModelError as error:
        looked.append(f"{variable}: set, so {name}, but: {error}")
        return name
    looked.append(f"{variable}: set, so {name}")
    return name


async def _running(
    provider: str,
    where: str,
    settings: ModelSettings,
    http: aiohttp.ClientSession,
    looked: list[str],
) -> ModelName | None:
    """A model of a server that may or may not be running."""
    try:
        found = await models_of(provider, settings, http)
    except NotConfigured:
        raise
    except ModelError as error:
        looked.append(f"{where}: {error}")
        return None
    if not found:
        looked.append(f"{where}: running, but without a model")
        return None
    name = _prefer(provider, found) or ModelName(provider, found[0])
    looked.append(f"{where}: running, so {name}")
    return name


def _prefer(provider: str, found: Sequence[str]) -> ModelName | None:
    """The first preferred model among those found; dated names count as the model they date."""
    for preferred in _PREFERRED.get(provider, ()):
        for model in found:
            if model == preferred or model.startswith(f"{preferred}-2"):
                return ModelName(provider, model)
    return None
