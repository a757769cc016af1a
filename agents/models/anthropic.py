"""Anthropic's messages API."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType

import aiohttp
import orjson

from agents.models.anthropic_wire import (
    DIALECT,
    OPENING,
    MessageReader,
    encode,
    encode_cached,
    encode_system,
    encode_tools,
)
from agents.models.body import Body, Dialect, messages_field
from agents.models.http import Endpoint, stream
from agents.models.model import ModelEvent, ModelRequest, ToolSpec
from agents.models.options import encoded
from agents.models.sight import NOTHING
from agents.models.windows import anthropic_output
from agents.transcript import UserSays
from state.choices import Option

VERSION = "2023-06-01"
"""https://platform.claude.com/docs/en/api/versioning"""


class AnthropicModel:
    """A model behind Anthropic's API."""

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
        self._max_output = max_output or anthropic_output(model)
        self._takes = takes
        self._options = encoded(options)
        self._tools: tuple[tuple[ToolSpec, ...], bytes] = ((), b"[]")

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

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Run one call; see `agents.models.model.Model`."""
        return stream(
            self._http, self._endpoint, "/v1/messages", self._body(request), MessageReader()
        )

    def _body(self, request: ModelRequest) -> Body:
        fields = [b'{"model":', self._model, self._options]
        fields.append(b',"stream":true,"max_tokens":%d' % self._max_output)
        if request.system:
            fields += (b',"system":', encode_system(request.system))
        if request.tools:
            fields += (b',"tools":', self._encoded_tools(request.tools))
            if request.conclude:
                # Tools may not be left out while the messages hold calls of them.
                fields.append(b',"tool_choice":{"type":"none"}')
        first = next(chain(request.transcript, request.turn), None)
        before = [] if isinstance(first, UserSays) else [OPENING]
        takes = NOTHING if request.blind else self._takes
        dialect = Dialect.of(DIALECT, encode, takes, last=encode_cached)
        return Body([*fields, *messages_field(request, dialect, before=before)])

    def _encoded_tools(self, tools: Sequence[ToolSpec]) -> bytes:
        specs = tuple(tools)
        if specs != self._tools[0]:
            self._tools = (specs, encode_tools(specs))
        return self._tools[1]
