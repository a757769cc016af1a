"""How far a conversation is trusted, which follows from where it is held and who speaks."""

from enum import StrEnum

from state.keys import SessionType


class Trust(StrEnum):
    """What may be done for whoever speaks, from everything to what harms nobody."""

    FULL = "full"
    PARTIAL = "partial"
    LOW = "low"


_TRUST = {
    SessionType.MAIN: Trust.FULL,
    SessionType.DM: Trust.PARTIAL,
    SessionType.GROUP: Trust.LOW,
    SessionType.TOPIC: Trust.LOW,
}


def trust_of(kind: SessionType, *, owner: bool) -> Trust:
    """The trust in what one person says in a session of this type.

    Where others listen and speak, an owner is trusted no more than they are. A private chat that
    was an owner's once is trusted like anybody's when its sender is none any more.
    """
    trust = _TRUST[kind]
    return Trust.PARTIAL if trust is Trust.FULL and not owner else trust
