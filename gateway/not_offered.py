"""Why something cannot be chosen: it is not there, or cannot be used."""

import difflib
from collections.abc import Collection, Sequence

from agents.skill_folders import Found
from gateway.notices import notice


class NotOffered(Exception):
    """What was chosen is not there or cannot be used; the message may be said in a chat."""


def no_such(what: str, given: str, there: Collection[str]) -> NotOffered:
    """There is no such thing, but perhaps one like it."""
    # Every model of a provider begins alike; that makes none of them meant.
    known = {_bare(name): name for name in there}
    close = difflib.get_close_matches(_bare(given), known, n=1, cutoff=0.5)
    if close:
        return NotOffered(notice("no_such_near", what=what, given=given, near=known[close[0]]))
    return NotOffered(notice("no_such", what=what, given=given))


def check_skill(name: str, there: Sequence[Found]) -> None:
    """Raise `NotOffered` for a skill that is not among these, or does not read."""
    found = next((each for each in there if each.name == name), None)
    if found is None:
        raise no_such("skill", name, [each.name for each in there if each.skill])
    if found.skill is None:
        raise NotOffered(notice("skill_unusable", skill=name, why=found.problem))


def _bare(name: str) -> str:
    return name.partition(":")[2] or name
