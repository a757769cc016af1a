"""The settings of an agent."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from agents.errors import NotConfigured
from agents.models.names import ModelName
from agents.models.options import checked
from agents.models.sight import MediaMode
from agents.summary_prompts import SUMMARIZATION_PROMPT, SUMMARY_CONTEXT_PROMPT
from state import durations
from state.choices import Option, Persistence
from state.compaction import Strategy
from state.keys import Scope, SessionType, is_account_name


class QueueMode(StrEnum):
    """What becomes of messages that arrive while a turn runs.

    Only messages of the same sender at the same place are ever taken together.
    """

    COLLECT = "collect"
    FOLLOWUP = "followup"
    INTERRUPT = "interrupt"


class TitleMode(StrEnum):
    """Where the title of a conversation comes from that nobody gave one."""

    WORDS = "words"
    MODEL = "model"
    OFF = "off"


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

    persistence: Persistence = Persistence.ALWAYS
    """Whether a conversation's words stay when it ends, that is, is quiet for `idle_after` or begun
    anew: `always`; `never`: they are erased; `ask`: people are asked, and they stay until then."""

    titles: TitleMode = TitleMode.WORDS
    """What a private conversation is called that nobody gave a title: `words`: the first words said
    in it; `model`: what the model calls it, which costs a call; `off`: nothing."""

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

    options: dict[str, Option] = {}
    """What the provider is given with every call, as it is: `{ temperature = 0.2 }`."""

    skill: str = ""
    """The skill that a conversation begins with, by its name; none when empty."""

    tools: tuple[str, ...] | None = None
    """The tools that may be used, by name, where `*` stands for anything; all when not set."""

    mcp: tuple[str, ...] | None = None
    """The MCP servers that may be used, by name (`*` stands for anything); all when not set."""

    media: MediaMode = MediaMode.AUTO
    """`auto`: models that are known to take images and documents are shown them; `always`: the
    models in use do, whatever Argent knows of them; `never`: they are told of them in words."""

    session: SessionSettings = SessionSettings()

    @field_validator("options")
    @classmethod
    def _options(cls, given: dict[str, Option]) -> dict[str, Option]:
        return dict(checked(given))

    @field_validator("model", "fallbacks")
    @classmethod
    def _names_of_models(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for name in (given,) if isinstance(given, str) else given:
            _model_name(name)
        return given


def _model_name(given: str) -> str:
    try:
        ModelName.parse(given)
    except NotConfigured as error:
        raise ValueError(str(error)) from error
    return given


MAIN = "main"
"""The agent that answers where no rule names another; there always is one."""

DEFAULTS = "defaults"
"""What stands here holds for every agent that does not say otherwise."""


class AgentsSettings(BaseModel):
    """All agents, each with a name of its owner's choice: ``agents.<name>``."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, AgentSettings] = Field(init=False)

    defaults: AgentSettings = AgentSettings()

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, given: Any) -> Any:
        """Every agent's settings, complete: what it does not set is as in the defaults."""
        if not isinstance(given, Mapping):
            return given
        common = given.get(DEFAULTS, {})
        if not isinstance(common, Mapping):
            return given
        return {
            name: own if name == DEFAULTS else _completed(common, own)
            for name, own in given.items()
        }

    @model_validator(mode="after")
    def _names(self) -> "AgentsSettings":
        for name in self.__pydantic_extra__:
            if not is_account_name(name):
                raise ValueError(f"{name!r} cannot be an agent's name: a-z, 0-9 and '-' only")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every agent's name, `main` first."""
        return (MAIN, *(name for name in self.__pydantic_extra__ if name != MAIN))

    def of(self, name: str) -> AgentSettings:
        """An agent's settings; those of the defaults for one that is not configured (any more)."""
        return self.__pydantic_extra__.get(name, self.defaults)


def _completed(common: Mapping[str, Any], own: Any) -> Any:
    """An agent's table with what the defaults set and it does not; tables are joined."""
    if not isinstance(own, Mapping):
        return own
    whole = {**common, **own}
    for name, value in common.items():
        # `options` are one value, which is replaced like any other.
        if isinstance(value, Mapping) and isinstance(own.get(name), Mapping) and name != "options":
            whole[name] = _completed(value, own[name])
    return whole


class ChoiceSettings(BaseModel):
    """What can be set for some sessions alone; what is not set is as their agent has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = None
    """As `agents.defaults.model`, without its fallbacks."""

    options: dict[str, Option] | None = None
    """As `agents.defaults.options`."""

    skill: str | None = None
    """As `agents.defaults.skill`; empty is none."""

    tools: tuple[str, ...] | None = None
    """As `agents.defaults.tools`."""

    mcp: tuple[str, ...] | None = None
    """As `agents.defaults.mcp`."""

    system_prompt: str | None = None
    """As `agents.defaults.system_prompt`."""

    persistence: Persistence | None = None
    """As `agents.defaults.session.persistence`."""

    title: str | None = None
    """What the conversation is called, until somebody gives it another title."""

    @field_validator("options")
    @classmethod
    def _options(cls, given: dict[str, Option] | None) -> dict[str, Option] | None:
        return given if given is None else dict(checked(given))

    @field_validator("model")
    @classmethod
    def _name_of_model(cls, given: str | None) -> str | None:
        return given if given is None else _model_name(given)


class RuleSettings(ChoiceSettings):
    """Which sessions a rule is for (`*` stands for anything in a pattern), and what it sets."""

    channel: str = "*"
    """The account's name, as in a session's key."""

    chat: str = "*"
    """The chat's id, as in a session's key; a topic's is `<chat>/<thread>`."""

    type: SessionType | None = None
    """`main`, `dm`, `group` or `topic`; any when not set."""

    person: str = "*"
    """In private chats: the user's id on the account, or the person's name."""

    agent: str | None = None
    """The agent that answers, by its name under `agents`."""
