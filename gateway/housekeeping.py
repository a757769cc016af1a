"""How long sessions live, and how many there may be: each agent's own terms. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from agents.config import SessionSettings
from gateway.config import Settings
from state.quiet import Spans


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of an agent's sessions. `max_sessions` is the most there may be; 0: any number."""

    spans: Spans
    max_sessions: int = 0

    @classmethod
    def of(cls, settings: SessionSettings) -> "Terms":
        """The terms that settings make."""
        idle_after = timedelta(seconds=settings.idle_after)
        spans = Spans(idle_after, settings.archive_after, settings.retention)
        return cls(spans, settings.max_sessions)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """What is kept, and for how long. `keep`: finished messages and deleted sessions.

    `terms` are those of the sessions of an agent that is not (any more) among `agents`.
    """

    terms: Terms
    keep: timedelta
    agents: Mapping[str, Terms] = field(default_factory=dict)

    @classmethod
    def set_by(cls, settings: Settings) -> "Housekeeping":
        """What is kept as it is configured."""
        agents = settings.agents
        return cls(
            Terms.of(agents.defaults.session),
            keep=timedelta(days=settings.gateway.keep_days),
            agents={name: Terms.of(agents.of(name).session) for name in agents.names},
        )

    def of(self, agent: str) -> Terms:
        """The terms of an agent's sessions."""
        return self.agents.get(agent, self.terms)

    def shortest(self) -> timedelta:
        """No session that is active now can be due sooner than this."""
        return min(each.spans.shortest() for each in (self.terms, *self.agents.values()))
