"""Who may talk: a pure decision over what the platform says about the sender.

Closed by default: an empty list admits nobody, and what is not known to be allowed is not
allowed. Only immutable ids count; a display name is never compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from channels.config import AccountSettings, DmPolicy, GroupPolicy
from state.messages import ChatKind, Correction, InboundMessage
from state.store import Role


@dataclass(frozen=True, slots=True)
class Policy:
    """An account's rules, ready to be asked."""

    owners: frozenset[str]
    users: frozenset[str]
    groups: frozenset[str]
    dm: DmPolicy
    group: GroupPolicy

    @classmethod
    def of(cls, settings: AccountSettings) -> "Policy":
        """The rules that an account's settings make."""
        return cls(
            owners=frozenset(settings.owners),
            users=frozenset(settings.allow_users),
            groups=frozenset(settings.allow_groups),
            dm=settings.dm_policy,
            group=settings.group_policy,
        )


@dataclass(frozen=True, slots=True)
class Admit:
    """The message is run; `owner` says that its sender is one."""

    owner: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A stranger, who may ask the owner to be let in."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Not for us, or not allowed: nothing is stored and nothing is said."""

    reason: str


Verdict = Admit | Pair | Ignore


def decide(
    message: InboundMessage | Correction, policy: Policy, admitted: Mapping[str, Role]
) -> Verdict:
    """Whether a message is run. `admitted` maps the user ids that were let in by hand."""
    sender = message.sender
    if sender.is_bot:
        return Ignore("bots are not answered")
    owner = is_owner(sender.id, policy, admitted)
    known = owner or sender.id in policy.users or sender.id in admitted
    if message.kind is ChatKind.DIRECT:
        return _in_private(policy.dm, owner=owner, known=known)
    if isinstance(message, InboundMessage) and not message.addressed:
        return Ignore("not addressed")
    places = {message.address.chat, message.container}
    return _in_group(policy.group, owner=owner, known=known, listed=bool(places & policy.groups))


def is_owner(user: str, policy: Policy, admitted: Mapping[str, Role]) -> bool:
    """Whether a user id of the account is an owner's, by the configuration or let in as one."""
    return user in policy.owners or admitted.get(user) is Role.OWNER


def _in_private(policy: DmPolicy, *, owner: bool, known: bool) -> Verdict:
    if owner:
        return Admit(owner=True)
    if policy is DmPolicy.OPEN or (known and policy is not DmPolicy.CLOSED):
        return Admit(owner=False)
    if policy is DmPolicy.PAIRING:
        return Pair()
    return Ignore(f"the account's dm_policy is {policy}")


def _in_group(policy: GroupPolicy, *, owner: bool, known: bool, listed: bool) -> Verdict:
    if policy is GroupPolicy.OPEN or (policy is GroupPolicy.ALLOWLIST and (listed or known)):
        return Admit(owner=owner)
    return Ignore(f"the account's group_policy is {policy}")
