"""Every other provider, through pydantic-ai, which is an optional extra.

https://ai.pydantic.dev/models/overview/ lists the providers; each reads its own key from the
environment. Here a call costs time in proportion to the conversation, unlike with our own clients.
"""

import importlib
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from agents.errors import BadResponse, ModelError, NotConfigured, NotReachable, Refused
from agents.marking import marked
from agents.models.calls import make_call
from agents.models.model import (
    ModelAnswer,
    ModelEvent,
    ModelRequest,
    TextDelta,
    ToolSpec,
    Working,
)
from agents.models.names import OWN, PYDANTIC_AI, ModelName
from agents.models.problems import Problem, failure, problem_of
from agents.models.sight import NOTHING, showable
from agents.models.words import Words
from agents.transcript import AssistantSays, Said, UserSays
from state.choices import Option
from state.history import Usage

EXTRA = "argent-gateway[pydantic-ai]"


class PydanticAIModel:
    """A model of a provider that only pydantic-ai knows.

    Its packages are imported here and nowhere else. Raises `NotConfigured` when they are missing,
    when the provider is unknown to them, or when its key is not set.
    """

    def __init__(
        self,
        name: ModelName,
        *,
        window: int | None = None,
        max_output: int | None = None,
        takes: frozenset[str] = NOTHING,
        options: Mapping[str, Option] = MappingProxyType({}),
    ) -> None:
        self._name = str(name)
        self._window = window
        limit = {"max_tokens": max_output} if max_output else {}
        self._settings = {**options, **limit} or None
        self._takes = takes
        theirs = name.model if name.provider == PYDANTIC_AI else str(name)
        self._model = _infer(theirs, name)
        self._direct = importlib.import_module("pydantic_ai.direct")
        self._messages = importlib.import_module("pydantic_ai.messages")
        self._errors = importlib.import_module("pydantic_ai.exceptions")

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
        words = Words()
        try:
            async with self._direct.model_request_stream(
                self._model,
                self._told(request),
                model_settings=self._settings,
                model_request_parameters=_parameters(request),
            ) as response:
                async for event in response:
                    text = words.add(self._text(event))
                    yield TextDelta(text) if text else Working()
                answer = response.get()
            yield _answer(answer, words)
        except ModelError:
            raise
        except self._errors.ModelHTTPError as error:
            wait = getattr(error, "retry_after", None)
            raise failure(problem_of(error.body, error.status_code, wait)) from None
        except self._errors.ModelAPIError as error:
            raise NotReachable(f"{self._name}: {type(error).__name__}") from None
        except self._errors.AgentRunError as error:
            raise failure(Problem(f"{self._name}: {error}")) from None
        except (OSError, ValueError, TypeError) as error:
            raise BadResponse(f"{self._name}: {type(error).__name__}") from None

    def _text(self, event: Any) -> str:
        if isinstance(event, self._messages.PartStartEvent):
            part = event.part
            return part.content if isinstance(part, self._messages.TextPart) else ""
        if isinstance(event, self._messages.PartDeltaEvent):
            delta = event.delta
            return delta.content_delta if isinstance(delta, self._messages.TextPartDelta) else ""
        return ""

    def _told(self, request: ModelRequest) -> list[Any]:
        parts = [self._messages.SystemPromptPart(request.system)] if request.system else []
        told = [self._messages.ModelRequest(parts)] if parts else []
        takes = NOTHING if request.blind else self._takes
        told.extend(self._one(said, takes) for said in (*request.transcript, *request.turn))
        return told

    def _one(self, said: Said, takes: Collection[str]) -> Any:
        if isinstance(said, UserSays):
            text, shown = showable(said, takes)
            binary = self._messages.BinaryContent
            media = [binary(data=each.data, media_type=each.mime) for each in shown]
            content = [*media, text] if media else text
            return self._messages.ModelRequest([self._messages.UserPromptPart(content)])
        if isinstance(said, AssistantSays):
            parts = [self._messages.TextPart(said.text)] if said.text else []
            parts += [
                self._messages.ToolCallPart(call.name, call.arguments, call.id)
                for call in said.calls
            ]
            return self._messages.ModelResponse(parts)
        return self._messages.ModelRequest(
            [
                self._messages.ToolReturnPart(result.name, marked(result), result.call)
                for result in said.results
            ]
        )


def _infer(theirs: str, name: ModelName) -> Any:
    try:
        models = importlib.import_module("pydantic_ai.models")
        errors = importlib.import_module("pydantic_ai.exceptions")
    except ImportError:
        near = get_close_matches(name.provider, OWN, 1)
        hint = f"did you mean {near[0]}:{name.model}? " if near else ""
        raise NotConfigured(
            f"{name}: {hint}Argent itself speaks to {', '.join(OWN)}; for other providers "
            f"install the extra: pip install '{EXTRA}'"
        ) from None
    try:
        return models.infer_model(theirs)
    except ImportError as error:
        raise NotConfigured(f"{name}: {error}") from None
    except (errors.UserError, ValueError) as error:
        raise NotConfigured(f"{name}: {error}") from None


def _parameters(request: ModelRequest) -> Any:
    models = importlib.import_module("pydantic_ai.models")
    tools = () if request.conclude else request.tools
    return models.ModelRequestParameters(function_tools=_definitions(tools))


def _definitions(tools: Sequence[ToolSpec]) -> list[Any]:
    definition = importlib.import_module("pydantic_ai.tools").ToolDefinition
    return [
        definition(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=tool.parameters,
        )
        for tool in tools
    ]


def _answer(response: Any, words: Words) -> ModelAnswer:
    if response.finish_reason == "content_filter":
        raise Refused("the provider's content filter stopped the answer")
    counted = response.usage
    usage = Usage(
        counted.input_tokens or 0, counted.output_tokens or 0, counted.cache_read_tokens or 0
    )
    calls: Iterable[Any] = (part for part in response.parts if part.part_kind == "tool-call")
    return ModelAnswer(
        text=words.finish(),
        calls=tuple(make_call(c.tool_call_id, c.tool_name, c.args_as_json_str()) for c in calls),
        usage=usage if usage.input or usage.output else None,
        model=response.model_name,
        cut=response.finish_reason == "length",
    )
