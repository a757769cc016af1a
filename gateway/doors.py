"""The doors of all accounts: who is let in now, and what they may say to Argent itself."""

from collections.abc import Callable, Mapping, Sequence

import structlog

from channels.config import AccountSettings, CommandRights, DmPolicy
from channels.loopback import LOCAL_USER, TERMINAL
from gateway.admission import Admit, Ignore, Policy, Verdict, decide, is_owner
from gateway.config import Settings
from gateway.people import People
from state.keys import SessionType
from state.messages import Accepted, ChatKind, Correction, Deletion, InboundMessage
from state.persons import Identity
from state.store import Role

Policies = Callable[[], Mapping[str, Policy]]
"""The policy of each account, as it is now."""

_TERMINAL_POLICY = Policy.of(AccountSettings(owners=(LOCAL_USER.id,), dm_policy=DmPolicy.CLOSED))
"""Whoever can reach the terminal's socket can read the state folder: they are the owner."""

_log = structlog.get_logger("admission")


class Doors:
    """Decides by the accounts' policies and by who was let in by hand."""

    def __init__(self, policies: Policies, people: People) -> None:
        self._policies = policies
        self._people = people

    def verdict(self, message: InboundMessage | Correction) -> Verdict:
        """Whether a message is run. What cannot be decided is denied."""
        account = message.address.channel
        try:
            return decide(message, self._policies()[account], self._people.admitted(account))
        except Exception:
            # A platform would deliver it again and again if this were raised.
            _log.exception("not_decided", channel=account)
            return Ignore("it could not be decided")

    def is_admitted(self, message: InboundMessage | Correction) -> bool:
        """Whether a message is run."""
        return isinstance(self.verdict(message), Admit)

    def is_owner(self, accepted: Accepted) -> bool:
        """Whether an owner wrote a message. What an account that is gone says is nobody's."""
        return self.is_owners(accepted.message)

    def is_owners(self, message: InboundMessage | Correction | Deletion) -> bool:
        """The same of a message that is not accepted yet."""
        account = message.address.channel
        policy = self._policies().get(account)
        if isinstance(message, Deletion) or policy is None:
            return False
        return is_owner(message.sender.id, policy, self._people.admitted(account))

    def owners(self) -> Sequence[Identity]:
        """Every owner that is known, on every account."""
        found = []
        for account, policy in self._policies().items():
            roles = self._people.admitted(account)
            let_in = (user for user, role in roles.items() if role is Role.OWNER)
            users = dict.fromkeys((*sorted(policy.owners), *let_in))
            found += [Identity(account, user) for user in users]
        return found

    def rights(self, accepted: Accepted) -> CommandRights:
        """Whose commands change something where a message was said."""
        message = accepted.message
        policy = self._policies().get(message.address.channel)
        if isinstance(message, Deletion) or policy is None:
            return CommandRights.NOBODY
        if message.kind is not ChatKind.DIRECT:
            return policy.at(message.address, message.container).commands
        # An owner's conversation is not that of whoever is none any more.
        main = accepted.key.type is SessionType.MAIN
        return CommandRights.OWNERS if main else CommandRights.MEMBERS

    def stopped_by(self, stop: Accepted) -> Callable[[Accepted], bool]:
        """Which messages a ``/stop`` is for: the sender's own, and for whoever may, everybody's."""
        if self.is_owner(stop) or self.rights(stop) is CommandRights.MEMBERS:
            return lambda _: True
        return lambda accepted: _sender(accepted) == _sender(stop) is not None


def policies_of(settings: Settings) -> Mapping[str, Policy]:
    """Every account's policy, and the terminal's."""
    accounts = {name: Policy.of(each) for name, each in settings.channels.items()}
    return accounts | {TERMINAL: _TERMINAL_POLICY}


def _sender(accepted: Accepted) -> str | None:
    """Who wrote a message; None: platforms do not say by whom one was deleted."""
    message = accepted.message
    return None if isinstance(message, Deletion) else message.sender.id
