"""What a code may do, and how often one may be wrong. Pure.

Codes are kept as digests, so that whoever reads the ledger or a backup of it while a code lives has
not just read the code. That is no defence against whoever can try them all: it is their ten
minutes, and that they are used once, that keep them.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.whois import Whois, rank
from state.links import PairCode, Tries
from state.persons import Identity
from state.records import Role

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two characters that are not taken for each other."""
CODE_LENGTH = 8
CODE_LIFE = timedelta(minutes=10)

FREE_TRIES = 5
"""Wrong codes of one person before they have to wait."""
STRANGERS_FREE_TRIES = 20
"""Wrong codes of all strangers of an account together."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
STRANGERS_LONGEST_WAIT = timedelta(minutes=10)
REMEMBERED = timedelta(days=1)
"""How long nobody must try, to begin anew. It is longer than any wait."""

_CODE = re.compile(f"[{CODE_ALPHABET}]{{{CODE_LENGTH}}}")
_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 40


def plain(written: str) -> str:
    """A code without what people put around and between its characters."""
    return re.sub(r"[\s`-]+", "", written).upper()


def is_code(written: str) -> bool:
    """Whether a text is nothing but what could be a code."""
    return _CODE.fullmatch(plain(written)) is not None


def digest(code: str) -> str:
    """What a code is kept as."""
    return hashlib.sha256(b"argent pair code " + plain(code).encode()).hexdigest()


def found(written: str, codes: Iterable[PairCode]) -> PairCode | None:
    """The code that is written. How long it takes does not tell how near it was."""
    looked_for = digest(written)
    match = None
    for code in codes:
        if hmac.compare_digest(code.digest, looked_for):
            match = code
    return match


def waits(tries: Tries | None, now: datetime) -> timedelta | None:
    """How long somebody is not listened to any more; None: they are."""
    if tries is None or tries.until is None or tries.until <= now:
        return None
    return min(tries.until - now, LONGEST_WAIT)


def after_wrong(
    tries: Tries | None,
    who: tuple[str, str],
    now: datetime,
    *,
    free: int = FREE_TRIES,
    longest: timedelta = LONGEST_WAIT,
) -> Tries:
    """What is known of somebody after one more wrong code: each wait is twice the last one."""
    known = 0 if tries is None or now - tries.last > REMEMBERED else tries.count
    count = known + 1
    until = None
    if count >= free:
        until = now + min(FIRST_WAIT * 2 ** min(count - free, 20), longest)
    return Tries(*who, count, now, until)


@dataclass(frozen=True, slots=True)
class Refused:
    """It links nobody; `why` is the notice that says so. The code is not used up."""

    why: str


@dataclass(frozen=True, slots=True)
class MakesOwner:
    """It is the operator's, and makes an owner."""


@dataclass(frozen=True, slots=True)
class Links:
    """It links whoever enters it with `maker`, who may `role`."""

    maker: Identity
    role: Role | None


Meaning = MakesOwner | Links | Refused

UNKNOWN = Refused("pair_unknown")


def meaning(
    code: PairCode | None, who: Identity, whois: Whois, *, admitted: bool, welcome: bool
) -> Meaning:
    """What a code comes to when somebody enters it.

    `admitted` says that they may write here anyway, and `welcome` that the code's maker may.
    Rights flow from whoever made a code to whoever enters it. The other way, a stranger could have
    an owner enter one, and be an owner.
    """
    if code is None:
        return UNKNOWN
    role = whois.roles.get(who)
    if code.identity is None:
        return Refused("pair_owner_already") if role is Role.OWNER else MakesOwner()
    makers = whois.roles.get(code.identity)
    if code.identity == who:
        return Refused("pair_own_code")
    if not welcome or not (admitted or makers is not None):
        return UNKNOWN
    person = whois.person_of(who)
    if person is not None:
        same = person == whois.person_of(code.identity)
        return Refused("pair_already" if same else "pair_linked")
    if rank(role) > rank(makers):
        return Refused("pair_more_rights")
    return Links(code.identity, makers)


def person_name(called: str, taken: Collection[str]) -> str:
    """A free name for a person: from what they are called, as far as it can be in an id."""
    spelled = unicodedata.normalize("NFKD", called).encode("ascii", "ignore").decode().lower()
    base = _SLUG.sub("-", spelled).strip("-")[:_LONGEST_NAME].strip("-") or "person"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name
