"""Who may talk: a pure decision over what the platform says about the sender.

Closed by default: an empty list admits nobody, and what is not known to be allowed is not
allowed. Only immutable ids count; a display name is never compared. docs/admission.md shows it
all as a table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from channels.config import (
    AccountSettings,
    ChatSettings,
    CommandRights,
    DmPolicy,
    GroupPolicy,
    Respond,
)
from gateway import commands
from state.keys import Address
from state.messages import ChatKind, Correction, InboundMessage
from state.store import Role


@dataclass(frozen=True, slots=True)
class GroupRules:
    """What holds in one group or thread. `users`, where they are named, beat the policy."""

    policy: GroupPolicy
    users: frozenset[str] | None
    respond: Respond
    commands: CommandRights


@dataclass(frozen=True, slots=True)
class Policy:
    """An account's rules, ready to be asked. `around` holds in groups that say nothing else."""

    owners: frozenset[str]
    users: frozenset[str]
    groups: frozenset[str]
    dm: DmPolicy
    around: GroupRules
    chats: Mapping[str, ChatSettings] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, settings: AccountSettings) -> "Policy":
        """The rules that an account's settings make."""
        return cls(
            owners=frozenset(settings.owners),
            users=frozenset(settings.allow_users),
            groups=frozenset(settings.allow_groups),
            dm=settings.dm_policy,
            around=GroupRules(settings.group_policy, None, settings.respond, settings.commands),
            chats=settings.chats,
        )

    def at(self, address: Address, container: str | None) -> GroupRules:
        """What holds in a group or thread: of each rule, the nearest that is set.

        A thread's own comes first, then the chat's that it is part of, then the container's.
        """
        policy, users, respond, rights = None, None, None, None
        for own in self._nearest(address, container):
            policy = own.policy if policy is None else policy
            users = own.users if users is None else users
            respond = own.respond if respond is None else respond
            rights = own.commands if rights is None else rights
        around = self.around
        return GroupRules(
            policy=around.policy if policy is None else policy,
            users=around.users if users is None else frozenset(users),
            respond=around.respond if respond is None else respond,
            commands=around.commands if rights is None else rights,
        )

    def _nearest(self, address: Address, container: str | None) -> Iterator[ChatSettings]:
        thread = None if address.thread is None else f"{address.chat}/{address.thread}"
        for name in dict.fromkeys((thread, address.chat, container)):
            if name is not None and (own := self.chats.get(name)) is not None:
                yield own


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
    rules = policy.at(message.address, message.container)
    if not _is_for_us(message, rules.respond):
        return Ignore(f"not addressed, and respond is {rules.respond}")
    listed = bool({message.address.chat, message.container} & policy.groups)
    return _in_group(rules, sender.id, owner=owner, known=known, listed=listed)


def is_owner(user: str, policy: Policy, admitted: Mapping[str, Role]) -> bool:
    """Whether a user id of the account is an owner's, by the configuration or let in as one."""
    return user in policy.owners or admitted.get(user) is Role.OWNER


def _is_for_us(message: InboundMessage | Correction, respond: Respond) -> bool:
    """Whether the bot takes a group's message for itself.

    Behind a chat that speaks (an anonymous admin, a channel) may be a bot, or a whole feed. It is
    answered when it asks for it, so that no conversation of machines can begin by itself. A
    command that is none of ours is for another bot.
    """
    if respond is Respond.NEVER:
        return False
    # What is corrected was for us, or is not known.
    if isinstance(message, Correction) or message.addressed:
        return True
    if respond is not Respond.ALWAYS or message.sender.as_chat:
        return False
    return not message.text.startswith("/") or commands.parse(message.text) is not None


def _in_private(policy: DmPolicy, *, owner: bool, known: bool) -> Verdict:
    if owner:
        return Admit(owner=True)
    if policy is DmPolicy.OPEN or (known and policy is not DmPolicy.CLOSED):
        return Admit(owner=False)
    if policy is DmPolicy.PAIRING:
        return Pair()
    return Ignore(f"the account's dm_policy is {policy}")


def _in_group(rules: GroupRules, user: str, *, owner: bool, known: bool, listed: bool) -> Verdict:
    if rules.policy is GroupPolicy.CLOSED:
        return Ignore("the group is closed")
    if rules.users is not None:
        if owner or user in rules.users:
            return Admit(owner=owner)
        return Ignore("not among the group's users")
    if rules.policy is GroupPolicy.OPEN or listed or known:
        return Admit(owner=owner)
    return Ignore("neither the group nor the user is on the allowlist")
