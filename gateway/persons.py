"""Who is meant by a name on the command line: the one place where persons are told apart. Pure.

An id identifies, where only one account has it; a name that people see never does, because anybody
may take it.
"""

from collections.abc import Collection, Mapping

from gateway.admin_errors import AdminError
from state.persons import Identity, Person

Seen = Mapping[Identity, Collection[str]]
"""Everybody who is known by an id, with what they are called."""


def meant(written: str, seen: Seen, linked: Mapping[str, Person]) -> Person:
    """The person who is written so: ``<account>:<user id>``, an id, or a linked person's name.

    `linked` are the persons who were given a name. Raises `AdminError`: ``ambiguous`` with all who
    could be meant, also for a name that only one of them has, or ``not_found``.
    """
    if (identity := Identity.parse(written)) is not None:
        of = [person for person in linked.values() if identity in person.identities]
        return of[0] if of else Person.of(identity)
    if written in linked:
        return linked[written]
    ids = sorted(each for each in seen if each.user == written)
    if len(ids) == 1:
        return meant(str(ids[0]), seen, linked)
    if candidates := ids or sorted(each for each in seen if written in seen[each]):
        told = ", ".join(shown(each, seen[each]) for each in candidates)
        what = "an id on several accounts" if ids else "a name, and names are anybody's"
        hint = f"say who: argent people … {candidates[0]}"
        raise AdminError("ambiguous", f"{written!r} is {what}: {told}", hint)
    raise AdminError(
        "not_found",
        f"nobody is known as {written!r}",
        "say <account>:<user id>, as `argent pair list` and `argent sessions show` have them",
    )


def is_plain(written: str, linked: Mapping[str, Person]) -> bool:
    """Whether it says who is meant, whoever else there is."""
    return written in linked or Identity.parse(written) is not None


def shown(identity: Identity, names: Collection[str]) -> str:
    """An identity with what it is called: ``telegram:123 (Jason)``."""
    return f"{identity} ({', '.join(sorted(names))})" if names else str(identity)


def parse(written: Collection[str]) -> Person:
    """The person with these identities. Raises `AdminError` for what is none."""
    identities = [Identity.parse(each) for each in written]
    if not identities or None in identities:
        raise AdminError("usage", f"{', '.join(written)!r} is no <account>:<user id>")
    return Person(frozenset(each for each in identities if each is not None))
