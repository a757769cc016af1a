"""OpenAI, and everything that speaks its chat completions: Ollama, vLLM, LM Studio, OpenRouter."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from types import MappingProxyType
from urllib.parse import urlsplit

import aiohttp
import orjson

from agents.errors import BadRequest
from agents.models.body import Body, Dialect, messages_field
from agents.models.http import Endpoint, stream
from agents.models.model import ModelEvent, ModelRequest, ToolSpec
from agents.models.openai_wire import DIALECT, ChatReader, encode, encode_system, encode_tools
from agents.models.options import encoded
from agents.models.sight import NOTHING
from state.choices import Option


class OpenAIModel:
    """A model behind an OpenAI-compatible server.

    `base_url` includes the version (``https://api.openai.com/v1``).
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        endpoint: Endpoint,
        model: str,
        *,
        name: str,
        window: int | None = None,
        max_output: int | None = None,
        takes: frozenset[str] = NOTHING,
        options: Mapping[str, Option] = MappingProxyType({}),
    ) -> None:
        self._http = http
        self._endpoint = endpoint
        self._model = orjson.dumps(model)
        self._name = name
        self._window = window
        self._max_output = max_output
        self._takes = takes
        self._options = encoded(options)
        self._tools: tuple[tuple[ToolSpec, ...], bytes] = ((), b"[]")
        self._counts_usage = True
        self._takes_tools = True
        # OpenAI's newer models refuse `max_tokens`; most other servers know nothing else.
        newer = (urlsplit(endpoint.base_url).hostname or "").endswith("openai.com")
        self._limit_name = b"max_completion_tokens" if newer else b"max_tokens"

    @property
    def name(self) -> str:
        """As configured."""
        return self._name

    @property
    def window(self) -> int | None:
        """The context window in tokens."""
        return self._window

    @property
    def takes(self) -> frozenset[str]:
        """What it can be shown beside words."""
        return self._takes

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Run one call; see `agents.models.model.Model`."""
        while True:
            try:
                async with aclosing(self._send(request)) as events:
                    async for event in events:
                        yield event
                return
            except BadRequest as error:
                # Refused before a word came, so nothing was yielded yet.
                if not self._give_in(str(error).lower()):
                    raise

    def _send(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        body = self._body(request)
        return stream(self._http, self._endpoint, "/chat/completions", body, ChatReader())

    def _give_in(self, complaint: str) -> bool:
        """Do from now on without what the server does not know; False when that is not it."""
        if self._counts_usage and "stream_options" in complaint:
            self._counts_usage = False
            return True
        # Ollama: "<model> does not support tools".
        if self._takes_tools and "not support tools" in complaint:
            self._takes_tools = False
            return True
        return False

    def _body(self, request: ModelRequest) -> Body:
        fields = [b'{"model":', self._model, b',"stream":true', self._options]
        if self._counts_usage:
            fields.append(b',"stream_options":{"include_usage":true}')
        if self._max_output:
            fields.append(b',"%s":%d' % (self._limit_name, self._max_output))
        # To conclude, tools are left out: `tool_choice` "none" is ignored by Ollama.
        if request.tools and self._takes_tools and not request.conclude:
            fields += (b',"tools":', self._encoded_tools(request.tools))
        before = [encode_system(request.system)] if request.system else []
        dialect = Dialect.of(DIALECT, encode, NOTHING if request.blind else self._takes)
        return Body([*fields, *messages_field(request, dialect, before=before)])

    def _encoded_tools(self, tools: Sequence[ToolSpec]) -> bytes:
        specs = tuple(tools)
        if specs != self._tools[0]:
            self._tools = (specs, encode_tools(specs))
        return self._tools[1]
