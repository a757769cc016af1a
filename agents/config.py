"""The settings of an agent and of the models it thinks with."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    field_validator,
)

from agents.errors import NotConfigured
from agents.models.names import ModelName
from agents.models.sight import MediaMode
from agents.prices import Price
from agents.summary_prompts import SUMMARIZATION_PROMPT, SUMMARY_CONTEXT_PROMPT
from state import durations
from state.compaction import Strategy
from state.keys import Scope


class QueueMode(StrEnum):
    """What becomes of messages that arrive while a turn runs.

    Only messages of the same sender at the same place are ever taken together.
    """

    COLLECT = "collect"
    FOLLOWUP = "followup"
    INTERRUPT = "interrupt"


class DeletionMode(StrEnum):
    """What becomes of the words of a message that its platform deleted."""

    FORGET = "forget"
    ERASE = "erase"


def _length(given: object) -> object:
    if given in ("off", None):
        return None
    length = given if isinstance(given, timedelta) else durations.parse(str(given))
    if not length:
        raise ValueError("nothing can be due at once: write `off`, or a longer time")
    return length


Span = Annotated[
    timedelta | None,
    BeforeValidator(_length),
    PlainSerializer(lambda length: "off" if length is None else durations.written(length)),
]
"""A length of time as `state.durations` reads it; None is written `off`."""


class SessionSettings(BaseModel):
    """How an agent's conversations are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_context_tokens: int = Field(default=180_000, ge=1_000)
    """The most that a model is shown, in tokens (or its window, if that is smaller)."""

    compaction_threshold: float = Field(default=0.85, gt=0, le=1)
    """The share of `max_context_tokens` at which older messages leave the context."""

    max_messages: int = Field(default=0, ge=0)
    """The most messages that a model is shown as they were said; 0: as many as fit."""

    trigger_threshold: float = Field(default=0.75, gt=0, le=1)
    """The share of `max_messages` at which older messages leave the context (of 50, at 38)."""

    strategy: Strategy = Strategy.SUMMARIZE
    """`summarize`: a summary takes the place of what leaves; `truncate`: nothing does; `sliding`:
    nothing does, and no more leaves than has to, each time; `hybrid`: the newer half of what leaves
    is summarised, the older half and earlier summaries are dropped. The history keeps it all."""

    compact_ratio: float = Field(default=0.4, gt=0, lt=1)
    """The share of the messages that leaves at a time, the oldest first (of 50, 20)."""

    preserve_recent: int = Field(default=10, ge=0)
    """The newest messages, which stay as they were said, unless even they do not fit."""

    idle_compaction: float = Field(default=0.0, ge=0, le=1)
    """The share of `max_context_tokens` from which on a session is summarised when it goes to rest,
    so that nobody waits for it later; 0: never. Each costs a call of the model."""

    use_ai_summary: bool = True
    """Whether the model writes the summaries; else they are sentences of the conversation."""

    show_summary_markers: bool = False
    """Whether `[SUMMARY: Messages 1-20]` stands before a summary."""

    summarization_prompt: str = Field(default=SUMMARIZATION_PROMPT, min_length=1)
    """What the model is told that writes a summary."""

    summary_context_prompt: str = SUMMARY_CONTEXT_PROMPT
    """What stands before a summary in the conversation; `{messages}` is how many it stands for."""

    idle_after: int = Field(default=3600, ge=1)
    """Seconds of quiet after which a session is idle."""

    archive_after: Span = timedelta(days=30)
    """Quiet after which a session is archived: `12h`, `30d`, `2w`, `6m` (30 days each), or `off`.
    Its history is compressed; the next message restores it."""

    retention: Span = None
    """Quiet after which a session is erased with all that was said in it, or `off`. It is a
    privacy setting: nothing is kept under `deleted/`."""

    max_sessions: int = Field(default=0, ge=0)
    """The most sessions that are kept; the longest quiet beyond them are deleted, into `deleted/`,
    never one that is active. 0: any number."""

    channel_scope: Scope = Scope.PER_CHANNEL
    """`per-channel`: every room its own session; `collapsed`: a container's rooms share one."""

    queue: QueueMode = QueueMode.COLLECT
    """`collect`: what arrives during a turn is answered together after it; `followup`: one by one;
    `interrupt`: at once, together with what was being answered."""

    deletions: DeletionMode = DeletionMode.FORGET
    """`forget`: a deleted message leaves the model's context; `erase`: the history, too."""


class AgentSettings(BaseModel):
    """An agent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = "auto"
    """`openai:NAME`, `anthropic:NAME`, `ollama:NAME`, `offline`, or `auto` (what is there)."""

    fallbacks: tuple[str, ...] = ()
    """Models to try, in order, when the first one fails."""

    system_prompt: str = (
        "You are a helpful assistant in a messaging app. Answer briefly and in the language "
        "you are spoken to."
    )
    """What the model is told before every conversation."""

    max_steps: int = Field(default=16, ge=1, le=100)
    """How many times a turn may call tools."""

    context_window: int | None = Field(default=None, ge=1_000)
    """The model's context window, in tokens, where Argent does not know it or knows it wrongly."""

    max_output_tokens: int | None = Field(default=None, ge=1)
    """The longest answer, in tokens; the provider's default when not set."""

    media: MediaMode = MediaMode.AUTO
    """`auto`: models that are known to take images and documents are shown them; `always`: the
    models in use do, whatever Argent knows of them; `never`: they are told of them in words."""

    session: SessionSettings = SessionSettings()

    @field_validator("model", "fallbacks")
    @classmethod
    def _names_of_models(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for name in (given,) if isinstance(given, str) else given:
            try:
                ModelName.parse(name)
            except NotConfigured as error:
                raise ValueError(str(error)) from error
        return given


class AgentsSettings(BaseModel):
    """All agents. For now there is one, `main`, made from the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    defaults: AgentSettings = AgentSettings()


class ProviderSettings(BaseModel):
    """Where a model provider is and how to be let in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: SecretStr | None = None
    base_url: str

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if not re.match(r"https?://[^/]", url):
            raise ValueError(f"{url!r} is no address: write http://… or https://…")
        return url


class OpenAISettings(ProviderSettings):
    """OpenAI, or anything that speaks its chat completions."""

    base_url: str = "https://api.openai.com/v1"


class AnthropicSettings(ProviderSettings):
    """Anthropic."""

    base_url: str = "https://api.anthropic.com"


class OllamaSettings(ProviderSettings):
    """A local Ollama."""

    base_url: str = "http://127.0.0.1:11434"


class ModelsSettings(BaseModel):
    """Model providers, and how patient to be with them. Times are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    openai: OpenAISettings = OpenAISettings()
    """OpenAI, or anything that speaks its chat completions; `OPENAI_API_KEY`, `OPENAI_BASE_URL`."""

    anthropic: AnthropicSettings = AnthropicSettings()
    """Anthropic; `ANTHROPIC_API_KEY`."""

    ollama: OllamaSettings = OllamaSettings()
    """A local Ollama."""

    prices: dict[str, Price] = {}
    """US dollars for a million tokens, where Argent does not know them or knows them wrongly:
    `models.prices."openai:NAME" = { input = 2.5, output = 10, cached = 1.25 }`."""

    connect_timeout: float = Field(default=10.0, gt=0)
    """To connect."""

    first_byte_timeout: float = Field(default=60.0, gt=0)
    """Until the first word of an answer."""

    idle_timeout: float = Field(default=30.0, gt=0)
    """Between two words of an answer."""

    turn_timeout: float = Field(default=300.0, gt=0)
    """For a whole turn, with its tools and retries."""

    attempts: int = Field(default=3, ge=1, le=10)
    """How often one model is tried before the next one in `fallbacks`."""
