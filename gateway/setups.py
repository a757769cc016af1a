"""What a session's turns run with: its profile, the agent that thinks, its prompt and its room."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from operator import is_

import structlog

from agents import summary_prompts
from agents.agent import Agent
from agents.config import SessionSettings
from agents.errors import ModelError
from agents.skill_folders import ChosenSkill
from gateway.agent_pool import AgentPool
from gateway.notices import notice
from gateway.profiles import Profile, Profiles
from state.compaction import Rules
from state.history import SummaryEntry
from state.keys import SessionKey
from state.session import Session

Reads = Callable[[SummaryEntry], str]
"""How a summary reads to a model."""

OpensSkill = Callable[[str, str], Awaitable[ChosenSkill | None]]
"""Opens an agent's skill, by the names of both; None when there is none that can be used."""

_log = structlog.get_logger("sessions")


@dataclass(frozen=True, slots=True)
class Setup:
    """What a session's turns run with, until its choices or the settings change.

    `prompt` is what the model is told first, with the instructions of its `skill`. `problem` is
    what people are to be told when something that was chosen is not there any more. `made_of` are
    the agents and the sections of the settings that it follows from.
    """

    profile: Profile
    agent: Agent
    rules: Rules
    prompt: str
    reads: Reads
    made_of: tuple[object, ...]
    skill: ChosenSkill | None = None
    problem: str = ""

    @property
    def kept(self) -> SessionSettings:
        """How the conversation is kept."""
        return self.profile.settings.session


class Setups:
    """Finds what sessions run with."""

    def __init__(self, profiles: Profiles, pool: AgentPool, open_skill: OpensSkill) -> None:
        self._profiles = profiles
        self._pool = pool
        self._open_skill = open_skill

    def agent(self, key: SessionKey, person: str | None = None) -> str:
        """The name of the agent that answers there."""
        return self._profiles.agent(key, person)

    def title(self, session: Session) -> str | None:
        """What a new conversation is called there."""
        return self._profiles.of(session).title

    def holds(self, setup: Setup) -> bool:
        """Whether the settings that it was made of are those in effect."""
        return all(map(is_, setup.made_of, self._made_of()))

    def _made_of(self) -> tuple[object, ...]:
        return (self._pool.agents, *self._profiles.sections)

    async def of(self, session: Session) -> Setup:
        """What a session runs with.

        A model or a skill that is not there any more is done without, or the session would be
        stuck: people are told.
        """
        # All of it before anything is awaited: others may be in effect after that.
        profile, made_of, problems = self._profiles.of(session), self._made_of(), []
        settings = profile.settings
        try:
            agent = await self._pool.of(settings)
        except ModelError as error:
            _log.warning("model_not_there", session=session.id, error=str(error))
            agent = self._pool.main
            told = notice("model_not_there", model=settings.model, instead=agent.model)
            problems.append(told)
        prompt, skill = settings.system_prompt, None
        if settings.skill:
            skill = await self._open_skill(profile.agent, settings.skill)
            if skill is None:
                problems.append(notice("skill_not_there", skill=settings.skill))
            else:
                prompt = f"{prompt}\n\n{skill.instructions}"
        return Setup(
            profile,
            agent,
            rules_of(settings.session, window=agent.window),
            prompt,
            reads_as(settings.session),
            made_of,
            skill,
            " ".join(problems),
        )


def rules_of(settings: SessionSettings, *, window: int | None) -> Rules:
    """The rules as they are set, within the model's window where that is known."""
    most = settings.max_context_tokens
    return Rules(
        limit=min(most, window or most),
        threshold=settings.compaction_threshold,
        max_messages=settings.max_messages,
        trigger_threshold=settings.trigger_threshold,
        strategy=settings.strategy,
        compact_ratio=settings.compact_ratio,
        preserve_recent=settings.preserve_recent,
    )


def reads_as(settings: SessionSettings) -> Reads:
    """How summaries read to a model, as it is set."""
    return partial(
        summary_prompts.shown,
        prompt=settings.summary_context_prompt,
        marker=settings.show_summary_markers,
    )


async def no_skills(_agent: str, _skill: str) -> ChosenSkill | None:
    """Where there are no skills."""
    return None
