"""What a model is to the rest of Argent."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.models.sight import MediaMode
from agents.transcript import Said, Transcript
from state.choices import Option
from state.history import ToolCall, Usage


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model is told of it; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call: `transcript` is what was said before this turn, `turn` what was said in it.

    `conclude` asks for an answer in words: the model shall call no more tools. `blind` asks to
    show it no media: it is told of them in words.
    """

    system: str
    transcript: Transcript
    turn: tuple[Said, ...]
    tools: Sequence[ToolSpec] = ()
    conclude: bool = False
    blind: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some more words of the answer, as they arrive."""

    text: str


@dataclass(frozen=True, slots=True)
class Working:
    """A sign of life that brings no words: the model reasons, or writes a tool call."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """The end of a call: everything that the model said and asked for.

    `usage` is the provider's own count, None where it gave none. `cut` says that the answer
    stopped at a limit of length.
    """

    text: str
    calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    model: str | None = None
    cut: bool = False


ModelEvent = TextDelta | Working | ModelAnswer


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds: to connect, for the first byte, between bytes, in all."""

    connect: float = 10.0
    first_byte: float = 60.0
    idle: float = 30.0
    turn: float = 300.0


class Model(Protocol):
    """A model behind one provider's protocol, on the shared HTTP session."""

    @property
    def name(self) -> str:
        """As configured: ``openai:gpt-4o``, ``offline``."""

    @property
    def window(self) -> int | None:
        """The model's context window in tokens, None when it is not known."""

    @property
    def takes(self) -> frozenset[str]:
        """What it can be shown beside words: `Media.ability`, any of ``image`` and ``pdf``."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Run one call: any number of `TextDelta` and `Working`, then exactly one `ModelAnswer`.

        Raises an `agents.errors.ModelError`. Closing the generator ends the call.
        """


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How to reach models. Secrets are plain here: this value is never printed or stored."""

    model: str = "auto"
    fallbacks: tuple[str, ...] = ()
    openai_api_key: str | None = field(default=None, repr=False)
    openai_base_url: str = "https://api.openai.com/v1"
    anthropic_api_key: str | None = field(default=None, repr=False)
    anthropic_base_url: str = "https://api.anthropic.com"
    ollama_api_key: str | None = field(default=None, repr=False)
    ollama_base_url: str = "http://127.0.0.1:11434"
    timeouts: Timeouts = Timeouts()
    attempts: int = 3
    max_output: int | None = None
    window: int | None = None
    """The context window in tokens, where the one Argent knows of is wrong or missing."""
    media: MediaMode = MediaMode.AUTO
    options: Mapping[str, Option] = field(default_factory=dict)
    """What every call is given, as it is (``temperature``)."""
