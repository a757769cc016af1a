"""What can be set for one session, as people write it: ``NAME=VALUE``. Pure.

Here is how a value is written; whether there is such a model or tool is asked of `offers`.
"""

import difflib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.errors import NotConfigured
from agents.models.names import ModelName
from agents.models.options import checked
from agents.skills import is_skill_name
from gateway.visible import visible
from state.choices import Option, Persistence
from state.session import Session

DEFAULT = "default"
"""What takes a choice back, as nothing at all does: then it is as it is configured."""

OFF = "off"
NONE = "none"
ALL = "all"
EVERYTHING = ("*",)

LONGEST_TITLE = 120
LONGEST_PROMPT = 20_000
MOST_OPTIONS = 50

NAMES = (
    "model", "options", "skill", "tools", "mcp", "system_prompt", "persistence", "title",
)  # fmt: skip
"""What can be set. One option alone is ``options.<name>``."""

_PATTERN = re.compile(r"[A-Za-z0-9_.*?-]{1,64}")
_OPTION = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is set anew, as `Choices` holds it; None takes the choice back."""

    name: str
    value: Any


class InvalidChoice(ValueError):
    """A value that cannot be set; the message says how it is written."""


def assignment(text: str) -> Change:
    """A change as the command line has it: ``model=openai:gpt-5``. Raises `InvalidChoice`."""
    name, equals, written = text.partition("=")
    if not equals:
        raise InvalidChoice(f"{text!r} sets nothing: write NAME=VALUE, or NAME= to take it back")
    return change(name.strip(), written)


def change(name: str, written: str) -> Change:
    """A value as it is written for a name; `DEFAULT` or nothing takes the choice back.

    Raises `InvalidChoice`.
    """
    group, dot, option = name.partition(".")
    if group not in NAMES or (dot and group != "options"):
        raise InvalidChoice(_unknown(name))
    written = written.strip()
    if dot and not _OPTION.fullmatch(option):
        raise InvalidChoice(f"{option!r} is no option's name: letters, digits, '_' and '-' only")
    if written.lower() in ("", DEFAULT):
        return Change(name, None)
    if dot:
        return Change(name, _option(option, written))
    return Change(name, _value(name, written))


def sets(changes: Sequence[Change], name: str) -> bool:
    """Whether something of that name is among the changes."""
    return any(each.name == name for each in changes)


def applied(session: Session, changes: Sequence[Change]) -> Session:
    """The session with these changes. Raises `InvalidChoice`.

    A title that is taken back leaves none: whoever calls knows what is configured.
    """
    for each in changes:
        if each.name == "title":
            session = replace(session, title=each.value, titled=False)
        elif each.name == "options" or each.name.startswith("options."):
            session = _with_option(session, each)
        else:
            choices = replace(session.choices, **{each.name: each.value})
            session = replace(session, choices=choices)
    return session


def as_title(written: str) -> str:
    """A text as a title, in one line. Raises `InvalidChoice`."""
    title = visible(" ".join(written.split()))
    if not title:
        raise InvalidChoice("a title needs a word")
    if len(title) > LONGEST_TITLE:
        raise InvalidChoice(f"a title may have {LONGEST_TITLE} characters: shorten it")
    return title


def _with_option(session: Session, given: Change) -> Session:
    options = dict(session.choices.options or {}) if given.name != "options" else {}
    option = given.name.partition(".")[2]
    options.pop(option, None)
    if given.value is not None:
        options[option] = given.value
    if len(options) > MOST_OPTIONS:
        raise InvalidChoice(f"a session has at most {MOST_OPTIONS} options of its own")
    return replace(session, choices=replace(session.choices, options=options or None))


def _value(name: str, written: str) -> Any:
    match name:
        case "model":
            return _model(written)
        case "skill":
            return _skill(written)
        case "tools" | "mcp":
            return _patterns(name, written)
        case "persistence":
            return _persistence(written)
        case "title":
            return as_title(written)
        case "options":
            raise InvalidChoice("write one option at a time: options.temperature=0.2")
    if len(written) > LONGEST_PROMPT:
        raise InvalidChoice(f"a prompt may have {LONGEST_PROMPT} characters: shorten it")
    return written


def _model(written: str) -> str:
    try:
        return str(ModelName.parse(written))
    except NotConfigured as error:
        raise InvalidChoice(str(error)) from error


def _skill(written: str) -> str:
    if written.lower() in (OFF, NONE):
        return ""
    if not is_skill_name(written):
        raise InvalidChoice(f"{written!r} is no skill's name: a-z, 0-9 and '-' only")
    return written


def _patterns(name: str, written: str) -> tuple[str, ...]:
    if written.lower() in (NONE, OFF):
        return ()
    if written.lower() == ALL:
        return EVERYTHING
    patterns = tuple(dict.fromkeys(each for each in re.split(r"[,\s]+", written) if each))
    for each in patterns:
        if not _PATTERN.fullmatch(each):
            what = f"write names with commas between them, or {ALL}, or {NONE}"
            raise InvalidChoice(f"{each!r} cannot stand for {name}: {what}")
    return patterns


def _persistence(written: str) -> Persistence:
    try:
        return Persistence(written.lower())
    except ValueError:
        raise InvalidChoice(f"{written!r} is not one of {', '.join(Persistence)}") from None


def _option(name: str, written: str) -> Option:
    try:
        value = json.loads(written)
    except ValueError:
        value = written
    if isinstance(value, float) and not math.isfinite(value):
        value = written
    if not isinstance(value, str | int | float):
        raise InvalidChoice(f"options.{name}: {written} is no number, text, true or false")
    try:
        checked({name: value})
    except ValueError as error:
        raise InvalidChoice(str(error)) from error
    return value


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, [*NAMES, "options."], n=1)
    remedy = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(NAMES)}"
    return f"{name!r} is nothing that can be set for a session: {remedy}"
