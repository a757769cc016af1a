"""Who is whom: persons with a name, the addresses that are theirs, and the codes that link. Pure.

A person who was linked is a set of identities. Rights flow along links, from whoever made a code to
whoever entered it (`Link.by`), and never the other way; they are never stored, so that whatever
takes them back at their source takes them back everywhere.
"""

from dataclasses import dataclass
from datetime import datetime

from state.keys import Address, SessionId
from state.persons import Identity
from state.records import Admission


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """Somebody with several addresses. All their private chats lead to `session`."""

    name: str
    session: SessionId
    since: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """An address of a person's.

    `called` is its display name when it was linked, which is only shown. `by` is whose code it
    entered: it may do what that one may.
    """

    identity: Identity
    person: str
    called: str
    since: datetime
    by: Identity | None = None


@dataclass(frozen=True, slots=True)
class PairCode:
    """A one-time code, by its digest: the code itself is nowhere but with whoever asked for it.

    `identity` asked for it, is `called` so, and is told at `address` what became of it. Without
    one, it was made by the operator, and makes an owner of whoever enters it.
    """

    digest: str
    created_at: datetime
    expires_at: datetime
    identity: Identity | None = None
    called: str = ""
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Tries:
    """How often somebody entered what is no code, and until when they are not listened to.

    `user` is "" for all strangers of an account together.
    """

    account: str
    user: str
    count: int
    last: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody comes to a person, who is made if need be. It uses up a code, where it has one.

    Of `joiner`, no chat goes on in a side session any more: those belong to where it comes from.
    """

    person: NamedPerson
    links: tuple[Link, ...]
    joiner: Identity
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """An address is its person's no more, and those that had rights through it lose them.

    `session` is where the others go on, which is the person's from then on. Where that is another
    than before, none of them goes on in a side session. The last one to leave takes the person
    along.
    """

    identity: Identity
    person: str
    session: SessionId


@dataclass(frozen=True, slots=True)
class Redeeming:
    """The operator's code lets somebody in, and is used up."""

    admission: Admission
    code: str


Change = Joining | Leaving | Redeeming
