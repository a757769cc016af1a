"""What a model may ask for: typed tools, and the box that carries their calls out."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from agents.models.model import ToolSpec
from agents.tokens import OVERHEAD, of_text
from agents.tools.foreign import ForeignText, now_in_sight
from agents.transcript import ToolResult, sendable
from state.history import ToolCall

LONGEST_RESULT = 50_000
"""Characters of a result that a model is shown."""

_log = structlog.get_logger(__name__)


class Arguments(BaseModel):
    """The arguments of a tool; a subclass gives them names, types and descriptions."""

    model_config = ConfigDict(extra="forbid", frozen=True)


A = TypeVar("A", bound=Arguments)


class ToolFailed(Exception):
    """A tool could not do what was asked; the message is for the model."""


def describe(name: str, description: str, arguments: type[Arguments]) -> ToolSpec:
    """A tool as a model is told of it. Make it once, not for every turn."""
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
    return ToolSpec(name, description, schema)


@dataclass(frozen=True, slots=True)
class Tool(Generic[A]):
    """A tool: what a model is told of it, its arguments, and what it does.

    `run` returns text for the model, or raises `ToolFailed`. `remember` says what a conversation
    keeps of the arguments, where that is not all of them. `foreign` says that its results are
    material from outside, and `guarded` that it can do harm when somebody else's words led to it:
    where a model has seen foreign material, a call needs an approval. `cited` is what of a guarded
    tool's arguments makes it harmless where it was seen letter by letter: then it can tell nobody
    anything. `limit` is how long a call may take, in seconds, where that is not as long as of any
    tool.
    """

    spec: ToolSpec
    arguments: type[A]
    run: Callable[[A], Awaitable[str]]
    remember: Callable[[A], A] | None = None
    foreign: bool = False
    guarded: bool = False
    cited: Callable[[A], str] | None = None
    limit: float | None = None

    def parsed(self, text: str) -> A:
        """The arguments of a call. Raises `ToolFailed` for what does not fit."""
        try:
            return self.arguments.model_validate_json(text)
        except ValidationError as error:
            raise ToolFailed(_explain(error)) from None

    def remembered(self, arguments: A) -> str | None:
        """The arguments as a conversation keeps them, None for as they are."""
        kept = arguments if self.remember is None else self.remember(arguments)
        return None if kept is arguments else kept.model_dump_json()


def is_allowed(name: str, patterns: Collection[str] | None) -> bool:
    """Whether a tool may be used, where `*` in a pattern stands for anything; None allows all."""
    return patterns is None or any(fnmatchcase(name, pattern) for pattern in patterns)


def told(specs: Iterable[ToolSpec]) -> int:
    """About how many tokens a model is told these tools in."""
    texts = (each.name + each.description + json.dumps(each.parameters) for each in specs)
    return sum(OVERHEAD + of_text(text) for text in texts)


Seen = Callable[[str, Sequence[ToolResult]], bool]
"""Whether a text stands, letter by letter, in what was said to the model: in the conversation, or
in these results of the turn."""


def _nothing_seen(_text: str, _results: Sequence[ToolResult]) -> bool:
    return False


Approve = Callable[[Sequence[ToolCall]], Awaitable[Mapping[str, str]]]
"""Asks somebody who may whether these very calls may be made, and waits for the answers. Their
arguments are written as the tools read them. Returns why those may not be made that may not, by
their ids."""

_NOBODY = (
    "This conversation holds material from outside, so this tool needs the owner's approval, "
    "and there is nobody to ask."
)


async def _nobody_approves(calls: Sequence[ToolCall]) -> Mapping[str, str]:
    return {call.id: _NOBODY for call in calls}


class Toolbox:
    """The tools of one turn.

    `limit` is how long a call may take, in seconds. `foreign` says that the model sees foreign
    material already; a foreign result makes it so. `seen` knows what the model was told.
    """

    def __init__(
        self,
        tools: Iterable[Tool[Any]] = (),
        *,
        limit: float = 30.0,
        foreign: bool = False,
        approve: Approve = _nobody_approves,
        seen: Seen = _nothing_seen,
    ) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}
        self._limit = limit
        self._approve = approve
        self._seen = seen
        self._results: list[ToolResult] = []
        self._verdicts: dict[ToolCall, str] = {}
        self.foreign = foreign
        """Whether the model sees foreign material by now."""
        self.specs: tuple[ToolSpec, ...] = tuple(tool.spec for tool in self._tools.values())

    async def clear(self, calls: Sequence[ToolCall]) -> None:
        """Have the calls of one step approved, those that need it: how long is up to people.

        What a model asks for at once it asks for in sight of the same: a result of this step
        changes nothing for the others in it.
        """
        self._verdicts |= dict.fromkeys(calls, "")
        asked = {call: as_read for call in calls if (as_read := self._guarded(call)) is not None}
        if not asked:
            return
        self._verdicts |= dict.fromkeys(asked, _NOBODY)
        refused = await self._approve(tuple(asked.values()))
        self._verdicts |= {call: refused.get(call.id, "") for call in asked}

    async def call(self, call: ToolCall) -> ToolResult:
        """Carry out a call. What goes wrong becomes a failed result that says what to do better.

        A call that was not cleared is cleared by itself first; an approval is good for one call.
        Only being cancelled is not turned into a result.
        """
        remembered = "{}" if len(call.arguments) > LONGEST_RESULT else None
        tool = self._tools.get(call.name)
        try:
            if tool is None:
                raise self._no_such(call.name)
            arguments = tool.parsed(call.arguments)
            remembered = tool.remembered(arguments)
            if call not in self._verdicts:
                await self.clear([call])
            if why := self._verdicts.pop(call):
                raise ToolFailed(why)
            now_in_sight(self.foreign)
            content = await self._run(tool, arguments)
            failed = False
        except ToolFailed as error:
            content, failed = str(error), True
        except Exception:
            # The details may hold paths or secrets: they are for the owner's log alone.
            _log.exception("tool failed", tool=call.name)
            content, failed = "The tool failed.", True
        # An error of a tool that looks outside may be in the words of what it looked at.
        foreign = isinstance(content, ForeignText) or (tool is not None and tool.foreign)
        self.foreign = self.foreign or foreign
        result = ToolResult(call.id, call.name, _cut(content), failed, remembered, foreign)
        self._results.append(result)
        return result

    def _guarded(self, call: ToolCall) -> ToolCall | None:
        """A call that needs an approval, with its arguments as its tool reads them."""
        tool = self._tools.get(call.name)
        if tool is None or not (tool.guarded and self.foreign):
            return None
        try:
            arguments = tool.parsed(call.arguments)
        except ToolFailed:
            return None
        if tool.cited is not None and self._seen(tool.cited(arguments), self._results):
            return None
        return replace(call, arguments=arguments.model_dump_json())

    def _no_such(self, name: str) -> ToolFailed:
        known = ", ".join(self._tools) or "none"
        return ToolFailed(f"There is no tool {name!r}. The tools are: {known}.")

    async def _run(self, tool: Tool[A], arguments: A) -> str:
        seconds = self._limit if tool.limit is None else tool.limit
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await tool.run(arguments)
        except TimeoutError:
            if limit.expired():
                raise ToolFailed(f"The tool took longer than {seconds:g} s.") from None
            raise


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    if problems[0]["type"] == "json_invalid":
        return f"The arguments are no valid JSON object. {problems[0]['msg']}"
    listed = "; ".join(
        f"{'.'.join(map(str, p['loc'])) or 'arguments'}: {p['msg']}" for p in problems[:10]
    )
    return f"The arguments do not fit: {listed}"


def _cut(text: str) -> str:
    text = sendable(text)
    if len(text) <= LONGEST_RESULT:
        return text
    return f"{text[:LONGEST_RESULT]}\n[cut: the result has {len(text)} characters]"
