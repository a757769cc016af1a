import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from agents.errors import NotConfigured
from agents.models import registry
from agents.models.model import Model, ModelSettings
from agents.models.names import ModelName
from agents.models.registry import Listing, list_models, resolve
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.llm import Hangs
from tests.emulators.ollama import OllamaEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.unit.agents.models.conftest import KEY

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator() as llm:
        llm.key = KEY
        yield llm


@pytest.fixture
async def anthropic() -> AsyncIterator[AnthropicEmulator]:
    async with AnthropicEmulator() as llm:
        llm.key = KEY
        yield llm


@pytest.fixture
async def ollama() -> AsyncIterator[OllamaEmulator]:
    async with OllamaEmulator() as llm:
        yield llm


def nothing() -> ModelSettings:
    return ModelSettings(anthropic_base_url=NOWHERE, ollama_base_url=NOWHERE)


async def chosen(settings: ModelSettings, http: aiohttp.ClientSession) -> tuple[str, list[str]]:
    resolution = await resolve(settings, http)
    return resolution.models[0].name, list(resolution.looked_for)


async def test_with_nothing_there_auto_is_the_offline_demo(http: aiohttp.ClientSession) -> None:
    assert await chosen(nothing(), http) == (
        "offline",
        [
            "OPENAI_API_KEY: not set",
            "ANTHROPIC_API_KEY: not set",
            f"Ollama at {NOWHERE}: no connection to {NOWHERE}: Connection refused",
            "nothing else to try, so the offline demo",
        ],
    )


async def test_auto_takes_a_running_ollama_before_the_demo(
    http: aiohttp.ClientSession, ollama: OllamaEmulator
) -> None:
    ollama.models = ["nomic-embed-text:latest", "qwen3:8b", "llama3.2:latest"]
    name, looked = await chosen(replace(nothing(), ollama_base_url=ollama.url), http)
    assert name == "ollama:qwen3:8b"
    assert looked[-1] == f"Ollama at {ollama.url}: running, so ollama:qwen3:8b"


async def test_an_ollama_without_a_model_is_passed_over(
    http: aiohttp.ClientSession, ollama: OllamaEmulator
) -> None:
    ollama.models = ["nomic-embed-text:latest"]
    name, looked = await chosen(replace(nothing(), ollama_base_url=ollama.url), http)
    assert name == "offline"
    assert f"Ollama at {ollama.url}: running, but without a model" in looked


async def test_auto_takes_a_key_before_ollama(
    http: aiohttp.ClientSession, ollama: OllamaEmulator, anthropic: AnthropicEmulator
) -> None:
    anthropic.models = ["claude-opus-9", "claude-sonnet-4-5-20250929"]
    settings = replace(
        nothing(),
        anthropic_api_key=KEY,
        anthropic_base_url=anthropic.url,
        ollama_base_url=ollama.url,
    )
    name, looked = await chosen(settings, http)
    assert name == "anthropic:claude-sonnet-4-5-20250929"
    assert looked == ["OPENAI_API_KEY: not set", f"ANTHROPIC_API_KEY: set, so {name}"]


async def test_a_server_of_ones_own_that_is_down_is_not_replaced_by_a_demo(
    http: aiohttp.ClientSession,
) -> None:
    with pytest.raises(NotConfigured, match=r"OPENAI_BASE_URL.*name its model"):
        await chosen(replace(nothing(), openai_base_url=NOWHERE), http)


async def test_a_server_of_ones_own_needs_no_key_and_gives_its_first_model(
    http: aiohttp.ClientSession, openai: OpenAIEmulator
) -> None:
    openai.key = None
    openai.models = ["local-model", "other"]
    name, looked = await chosen(replace(nothing(), openai_base_url=openai.url), http)
    assert name == "openai:local-model"
    assert looked == [f"a server at {openai.url} (OPENAI_BASE_URL): running, so {name}"]


async def test_a_key_that_does_not_work_is_shown_and_not_hidden_behind_the_demo(
    http: aiohttp.ClientSession, anthropic: AnthropicEmulator
) -> None:
    settings = replace(nothing(), anthropic_api_key="sk-wrong", anthropic_base_url=anthropic.url)
    name, looked = await chosen(settings, http)
    assert name.startswith("anthropic:claude-")
    assert "invalid x-api-key" in looked[-1]
    assert "sk-wrong" not in str(looked)


async def test_what_the_configuration_names_is_taken_without_looking(
    http: aiohttp.ClientSession, anthropic: AnthropicEmulator
) -> None:
    settings = replace(nothing(), model="anthropic:claude-x", anthropic_api_key=KEY)
    assert await chosen(settings, http) == ("anthropic:claude-x", [])


async def test_fallbacks_come_after_the_model(http: aiohttp.ClientSession) -> None:
    settings = replace(
        nothing(),
        model="openai:gpt-4o",
        fallbacks=("anthropic:claude-x", "offline"),
        openai_api_key=KEY,
        anthropic_api_key=KEY,
    )
    models = (await resolve(settings, http)).models
    assert [model.name for model in models] == ["openai:gpt-4o", "anthropic:claude-x", "offline"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("gpt-4o", "did you mean openai:gpt-4o?"),
        ("claude-sonnet-4-5", "did you mean anthropic:claude-sonnet-4-5?"),
        ("ofline", "did you mean offline?"),
        ("openai:", "names no model"),
        ("", "write openai:NAME"),
        ("openai:gpt-4o", "set OPENAI_API_KEY"),
        ("anthropic:claude-x", "set ANTHROPIC_API_KEY"),
    ],
)
async def test_a_model_that_cannot_be_meant_says_what_to_change(
    http: aiohttp.ClientSession, name: str, hint: str
) -> None:
    with pytest.raises(NotConfigured) as caught:
        await resolve(replace(nothing(), model=name), http)
    assert hint in str(caught.value)


@pytest.mark.parametrize("key", ["sk-one\nsk-two", "sk “quoted”", "two words"])
async def test_a_damaged_key_is_refused_without_being_shown(
    http: aiohttp.ClientSession, key: str
) -> None:
    settings = replace(nothing(), model="openai:gpt-4o", openai_api_key=key)
    with pytest.raises(NotConfigured, match="copied whole") as caught:
        await resolve(settings, http)
    assert key not in str(caught.value)


async def test_other_providers_need_the_extra_and_the_error_names_it(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What an import finds when the package is not installed, also where it is.
    monkeypatch.setitem(sys.modules, "pydantic_ai.models", None)
    for name in ("groq:llama", "pydantic-ai:groq:llama"):
        with pytest.raises(NotConfigured, match=r"pip install 'argent-gateway\[pydantic-ai\]'"):
            await resolve(replace(nothing(), model=name), http)
    with pytest.raises(NotConfigured, match="did you mean openai:gpt-4o"):
        await resolve(replace(nothing(), model="opneai:gpt-4o"), http)


async def test_all_models_of_all_providers_are_listed(
    http: aiohttp.ClientSession, openai: OpenAIEmulator, ollama: OllamaEmulator
) -> None:
    settings = replace(
        nothing(),
        openai_api_key=KEY,
        openai_base_url=openai.url,
        ollama_base_url=f"{ollama.url}/v1/",
    )
    assert await list_models(settings, http) == (
        Listing("openai", ("openai:test-model",)),
        Listing("anthropic", problem="Anthropic needs a key: set ANTHROPIC_API_KEY"),
        Listing("ollama", ("ollama:llama3.2:latest",)),
        Listing("offline", ("offline",)),
    )


async def test_a_trial_tells_the_answer_or_the_error(
    http: aiohttp.ClientSession, openai: OpenAIEmulator
) -> None:
    settings = replace(
        nothing(), model="openai:test-model", openai_api_key=KEY, openai_base_url=openai.url
    )
    model = (await resolve(settings, http)).models[0]
    tested = await registry.test_model(model)
    assert tested.answer is not None
    assert tested.first_word is not None
    assert tested.error is None
    openai.answers(Hangs())
    tested = await registry.test_model(model, limit=0.05)
    assert tested.answer is None
    assert "0.05 s" in str(tested.error)


async def window(name: str, settings: ModelSettings, http: aiohttp.ClientSession) -> int | None:
    model: Model = await registry.make(ModelName.parse(name), settings, http)
    return model.window


async def test_windows_of_common_models_are_known(http: aiohttp.ClientSession) -> None:
    settings = replace(nothing(), openai_api_key=KEY, anthropic_api_key=KEY)
    assert await window("openai:gpt-4o-mini-2024-07-18", settings, http) == 128_000
    assert await window("openai:gpt-4", settings, http) == 8_192
    assert await window("openai:my-own", settings, http) is None
    assert await window("anthropic:claude-3-5-haiku-latest", settings, http) == 200_000
    assert await window("openai:my-own", replace(settings, window=32_000), http) == 32_000


async def test_the_window_of_an_ollama_model_is_what_it_was_loaded_with(
    http: aiohttp.ClientSession, ollama: OllamaEmulator
) -> None:
    settings = replace(nothing(), ollama_base_url=ollama.url)
    assert await window("ollama:llama3.2", settings, http) == 4_096
    ollama.loaded = {"llama3.2:latest": 32_768}
    assert await window("ollama:llama3.2", settings, http) == 32_768
