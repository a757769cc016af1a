"""A server that speaks Ollama: its list of models, and its OpenAI-compatible chat.

https://docs.ollama.com/api/tags, …/api/ps, …/api/show, https://docs.ollama.com/openai
"""

from typing import Any

import orjson
from aiohttp import web

from tests.emulators.llm import Asked, Refusal, Status, serve
from tests.emulators.openai import OpenAIEmulator


class OllamaEmulator(OpenAIEmulator):
    """Configured as base URL ``llm.url`` (without a version). `loaded` maps models to windows.

    `tells` False is an old one, which does not say what its models are capable of.
    """

    api_path = ""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.models = ["llama3.2:latest"]
        self.loaded: dict[str, int] = {}
        self.tools = True
        self.sees = False
        self.tells = True

    def routes(self) -> list[web.RouteDef]:
        return [
            *super().routes(),
            web.get("/api/tags", self._tags),
            web.get("/api/ps", self._ps),
            web.post("/api/show", self._show),
        ]

    def check(self, asked: Asked) -> None:
        super().check(asked)
        model = asked.body["model"]
        if model not in self.models and f"{model}:latest" not in self.models:
            raise Refusal(Status(404, f"model '{model}' not found", "not_found_error"))
        if asked.body.get("tools") and not self.tools:
            message = f"registry.ollama.ai/library/{model} does not support tools"
            raise Refusal(Status(400, message, "invalid_request_error"))

    async def _tags(self, _: web.Request) -> web.Response:
        return web.json_response({"models": [_tag(name) for name in self.models]})

    async def _show(self, request: web.Request) -> web.Response:
        model = orjson.loads(await request.read())["model"]
        if model not in self.models and f"{model}:latest" not in self.models:
            return web.json_response({"error": f"model '{model}' not found"}, status=404)
        tools = ["tools"] if self.tools else []
        vision = ["vision"] if self.sees else []
        more = {"capabilities": ["completion", *tools, *vision]} if self.tells else {}
        return web.json_response({"details": _tag(model)["details"], **more})

    async def _ps(self, _: web.Request) -> web.Response:
        running = [
            {**_tag(name), "expires_at": "2030-01-01T00:00:00Z", "context_length": window}
            for name, window in self.loaded.items()
        ]
        return web.json_response({"models": running})


def _tag(name: str) -> dict[str, Any]:
    family = "bert" if "embed" in name else "llama"
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-01-30T10:00:00Z",
        "size": 2019393189,
        "digest": "a80c4f17acd5",
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": family,
            "families": [family],
            "parameter_size": "3.2B",
            "quantization_level": "Q4_K_M",
        },
    }


if __name__ == "__main__":
    serve(OllamaEmulator)
