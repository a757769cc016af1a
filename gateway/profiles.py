"""How each session is answered: its agent's settings, with what rules and choices change in them.

A pure decision over the settings and the session's facts. What is nearer to the session wins: its
own choices, then what is configured for it alone, then rules, a later one before an earlier one,
then its agent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from agents.config import MAIN, AgentSettings, ChoiceSettings, RuleSettings, SessionSettings
from gateway.current import Current
from state.choices import Choices
from state.keys import SessionKey, SessionType
from state.session import Session

CHOSEN = "chosen"
"""Where a setting comes from that somebody chose for the session."""

_PRIVATE = (SessionType.MAIN, SessionType.DM)
_OWN = ("model", "options", "skill", "tools", "mcp", "system_prompt", "persistence")


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings that hold for a session.

    `sources` says of what is not as its agent has it where it comes from: a rule
    (``rules.family``), the configuration of the session (``session.telegram:1:main``), or a choice
    (`CHOSEN`). `title` is what a new conversation is called there.
    """

    agent: str
    settings: AgentSettings
    sources: Mapping[str, str]
    title: str | None = None


class Profiles:
    """Finds the profile of any session."""

    def __init__(self, settings: Current) -> None:
        self._settings = settings
        self._sessions = settings.derived(
            lambda now: {_folded(name): (name, own) for name, own in now.session.items()}
        )

    @property
    def sections(self) -> tuple[object, ...]:
        """The sections of the settings that profiles are made of, as they are now."""
        now = self._settings.now
        return now.agents, now.rules, now.session

    def agent(self, key: SessionKey, person: str | None = None) -> str:
        """The name of the agent that answers there."""
        named = [rule.agent for _, rule in self._fitting(key, person) if rule.agent is not None]
        return named[-1] if named else MAIN

    def of(self, session: Session) -> Profile:
        """The profile of a session, as its facts are now."""
        agent = self.agent(session.key, session.person)
        settings = self._settings.now.agents.of(agent)
        sources: dict[str, str] = {}
        title = None
        for source, own in self._layers(session):
            changed = {name: value for name in _OWN if (value := getattr(own, name)) is not None}
            settings = _with(settings, changed)
            sources |= dict.fromkeys(changed, source)
            title = getattr(own, "title", None) or title
        return Profile(agent, settings, sources, title)

    def kept(self, session: Session) -> SessionSettings:
        """How a session is kept, as its facts are now."""
        return self.of(session).settings.session

    def _layers(self, session: Session) -> Iterator[tuple[str, ChoiceSettings | Choices]]:
        for name, rule in self._fitting(session.key, session.person):
            yield f"rules.{name}", rule
        for known in dict.fromkeys([session.id, *map(str, session.keys), str(session.key)]):
            if (found := self._sessions().get(_folded(known))) is not None:
                yield f"session.{found[0]}", found[1]
                break
        yield CHOSEN, session.choices

    def _fitting(self, key: SessionKey, person: str | None) -> Iterator[tuple[str, RuleSettings]]:
        for name, rule in self._settings.now.rules.items():
            if _fits(rule, key, person):
                yield name, rule


def _fits(rule: RuleSettings, key: SessionKey, person: str | None) -> bool:
    chat = key.chat if key.thread is None else f"{key.chat}/{key.thread}"
    if not (fnmatchcase(key.channel, rule.channel) and fnmatchcase(chat, rule.chat)):
        return False
    if rule.type not in (None, key.type):
        return False
    if rule.person == "*":
        return True
    names = (key.chat, person) if key.type in _PRIVATE else ()
    return any(name is not None and fnmatchcase(name, rule.person) for name in names)


def _with(settings: AgentSettings, changed: Mapping[str, object]) -> AgentSettings:
    """The settings with what was changed; a model that was chosen has no fallbacks."""
    update = dict(changed)
    if (persistence := update.pop("persistence", None)) is not None:
        update["session"] = settings.session.model_copy(update={"persistence": persistence})
    if "model" in update:
        update["fallbacks"] = ()
    return settings.model_copy(update=update) if update else settings


def _folded(name: str) -> str:
    """A key or id without what a variable's name cannot hold, so that both are found alike."""
    return re.sub(r"[^0-9a-z]", "-", name.lower())
