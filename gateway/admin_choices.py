"""What an operator sets for a session: how it is refused, and how it is told."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from agents.skill_folders import Found
from gateway.admin_errors import AdminError
from gateway.not_offered import NotOffered
from gateway.reading import Json
from gateway.settable import Change, InvalidChoice, as_title
from gateway.siblings import Siblings, as_name, unfit
from state.codec import session_to_json
from state.session import Session

Skills = Callable[[str], Sequence[Found]]
"""The skills that an agent of this name can be given."""


def no_skills(_agent: str) -> tuple[Found, ...]:
    """Where there are none."""
    return ()


@contextmanager
def as_refusals() -> Iterator[None]:
    """Raise as an `AdminError` what cannot be set, or is not there."""
    try:
        yield
    except InvalidChoice as error:
        raise AdminError("usage", str(error), "nothing was changed") from error
    except NotOffered as error:
        hint = "nothing was changed; `argent models list` and `argent skills list` name what is"
        raise AdminError("not_found", str(error), hint) from error


def chosen(session: Session, changes: Sequence[Change]) -> Json:
    """What was set, as it is now; None for what was taken back."""
    facts = session_to_json(session)
    names = (change.name.partition(".")[0] for change in changes)
    return {name: facts.get(name) for name in dict.fromkeys(names)}


def titled(session: Session, called: str) -> Session:
    """The session with another title. Raises `InvalidChoice`."""
    return replace(session, title=as_title(called), titled=False)


def named(session: Session, called: str, family: Siblings) -> Session:
    """The side session with another name, which no other of its `family` has."""
    name = as_name(called)
    if (why := unfit(name)) is not None:
        raise InvalidChoice(why)
    same = family.named(name)
    if same is not None and same.id != session.id:
        raise AdminError("exists", f"there is a session {name!r} beside it", "choose another name")
    return replace(session, name=name)
