"""The providers that Argent speaks to itself: where they are, and which models they have."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import aiohttp

from agents.errors import BadResponse, ModelError, NotConfigured, NotReachable
from agents.models.anthropic import VERSION
from agents.models.http import Endpoint, get_json
from agents.models.model import ModelSettings
from agents.models.names import ANTHROPIC, OLLAMA, OPENAI
from agents.models.sight import IMAGE, NOTHING
from agents.models.windows import OLLAMA_WINDOW

OPENAI_BASE_URL = "https://api.openai.com/v1"
LISTING_SECONDS = 5.0
"""How long a provider may take to say which models it has."""

_LISTS = {OPENAI: "/models", ANTHROPIC: "/v1/models?limit=1000", OLLAMA: "/api/tags"}
_EMBEDDINGS = ("bert", "embed", "minilm", "rerank")

# Compressed streams arrive late, and a compressed bomb would fill the memory.
_HEADERS: Mapping[str, str] = MappingProxyType(
    {"Content-Type": "application/json", "Accept-Encoding": "identity"}
)


def endpoint_of(provider: str, settings: ModelSettings) -> Endpoint:
    """How to reach a provider. Raises `NotConfigured` when its key is missing or damaged."""
    connect = settings.timeouts.connect
    if provider == OLLAMA:
        return _ollama(settings)
    if provider == ANTHROPIC:
        key = _key(settings.anthropic_api_key, "ANTHROPIC_API_KEY")
        if key is None:
            raise NotConfigured("Anthropic needs a key: set ANTHROPIC_API_KEY")
        headers = {"x-api-key": key, "anthropic-version": VERSION, **_HEADERS}
        return Endpoint(settings.anthropic_base_url, headers, key, connect)
    key = _key(settings.openai_api_key, "OPENAI_API_KEY")
    if key is not None:
        headers = {"Authorization": f"Bearer {key}", **_HEADERS}
        return Endpoint(settings.openai_base_url, headers, key, connect)
    if not has_own_server(settings):
        raise NotConfigured("OpenAI needs a key: set OPENAI_API_KEY")
    return Endpoint(settings.openai_base_url, _HEADERS, connect=connect)


def ollama_chat(settings: ModelSettings) -> Endpoint:
    """Ollama's OpenAI-compatible side (https://docs.ollama.com/openai)."""
    return _ollama(settings, "/v1")


def has_own_server(settings: ModelSettings) -> bool:
    """Whether the OpenAI address is somebody else's server, which may need no key."""
    return settings.openai_base_url.rstrip("/") != OPENAI_BASE_URL


async def models_of(
    provider: str, settings: ModelSettings, http: aiohttp.ClientSession
) -> tuple[str, ...]:
    """The names of a provider's models, in its own order. Raises a `ModelError`."""
    endpoint = endpoint_of(provider, settings)
    body = await _ask(http, endpoint, _LISTS[provider])
    try:
        if provider == OLLAMA:
            return tuple(model["name"] for model in body["models"] if not _embeds(model))
        return tuple(model["id"] for model in body["data"])
    except (KeyError, TypeError):
        raise BadResponse(f"{endpoint.base_url} sent no list of models") from None


async def ollama_window(settings: ModelSettings, http: aiohttp.ClientSession, model: str) -> int:
    """The context window that Ollama gives a model: what it says of a loaded one, else the least.

    https://docs.ollama.com/api/ps
    """
    try:
        body = await _ask(http, endpoint_of(OLLAMA, settings), "/api/ps")
        loaded = {m["name"]: m.get("context_length") for m in body["models"]}
    except (ModelError, KeyError, TypeError, AttributeError):
        return OLLAMA_WINDOW
    return loaded.get(model) or loaded.get(f"{model}:latest") or OLLAMA_WINDOW


async def ollama_takes(
    settings: ModelSettings, http: aiohttp.ClientSession, model: str
) -> frozenset[str] | None:
    """What a model can be shown, as its Ollama says; None when it does not.

    https://docs.ollama.com/api/show, `capabilities`
    """
    try:
        body = await _ask(http, endpoint_of(OLLAMA, settings), "/api/show", {"model": model})
        capabilities = body["capabilities"]
    except (ModelError, KeyError, TypeError):
        return None
    return frozenset({IMAGE}) if "vision" in capabilities else NOTHING


async def _ask(
    http: aiohttp.ClientSession, endpoint: Endpoint, path: str, question: Any = None
) -> Any:
    try:
        async with asyncio.timeout(LISTING_SECONDS):
            return await get_json(http, endpoint, path, question)
    except TimeoutError:
        where = endpoint.base_url
        raise NotReachable(f"no answer from {where} within {LISTING_SECONDS:g} s") from None


def _ollama(settings: ModelSettings, path: str = "") -> Endpoint:
    root = settings.ollama_base_url.rstrip("/").removesuffix("/v1")
    # Its own key or none: it must not see one that was meant for another server.
    key = _key(settings.ollama_api_key, "models.ollama.api_key")
    headers = _HEADERS if key is None else {"Authorization": f"Bearer {key}", **_HEADERS}
    return Endpoint(f"{root}{path}", headers, key, settings.timeouts.connect)


def _key(value: str | None, name: str) -> str | None:
    key = (value or "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise NotConfigured(f"{name} holds characters that no key has: was it copied whole?")
    return key or None


def _embeds(model: Mapping[str, Any]) -> bool:
    """Whether an Ollama model only makes vectors and cannot chat."""
    family = (model.get("details") or {}).get("family") or ""
    return any(word in f"{model['name']} {family}".lower() for word in _EMBEDDINGS)
