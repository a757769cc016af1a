"""What Argent is made of: the libraries that it was tried with, and what SQLite can do here."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from importlib import metadata
from itertools import zip_longest

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case

LIBRARY_MISSING = Fault(
    "library-missing",
    Level.ERROR,
    "the library {where} is not installed",
    "Argent needs {wanted}",
    "pip install '{wanted}'",
)
LIBRARY_OUT_OF_RANGE = Fault(
    "library-out-of-range",
    Level.WARNING,
    "the library {where} is of version {found}, which Argent was not tried with",
    "another program's installation changed it; Argent wants {wanted}",
    "pip install '{wanted}', or give Argent a virtual environment of its own",
)
SQLITE_OLD = Fault(
    "sqlite-too-old",
    Level.ERROR,
    "SQLite {found} is too old",
    "Argent's tables need 3.37 or newer",
    "use a Python that is built with a newer SQLite",
)
NO_FTS = Fault(
    "sqlite-without-fts5",
    Level.ERROR,
    "SQLite {found} cannot search: it was built without FTS5",
    "{how}",
    "use a Python whose SQLite has FTS5, as those of python.org and of Debian do",
)
FAULTS = (LIBRARY_MISSING, LIBRARY_OUT_OF_RANGE, SQLITE_OLD, NO_FTS)

_PROJECT = "argent-gateway"
_LEAST_SQLITE = (3, 37)
_COMPARISONS: dict[str, Callable[[int], bool]] = {
    ">=": lambda order: order >= 0,
    "<=": lambda order: order <= 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    ">": lambda order: order > 0,
    "<": lambda order: order < 0,
}


def examine(_case: Case) -> Iterator[Finding]:
    """What is wrong with what Argent is made of."""
    try:
        requirements = metadata.requires(_PROJECT) or []
    except metadata.PackageNotFoundError:
        # It runs from its sources, which say nothing of what is installed.
        requirements = []
    yield from of_libraries(requirements)
    yield from _of_sqlite()


def of_libraries(requirements: Iterable[str]) -> Iterator[Finding]:
    """What is not installed as these requirements want it; those of extras are not looked at."""
    for requirement in requirements:
        if ";" in requirement:
            continue
        name, wanted = parted(requirement)
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield LIBRARY_MISSING.at(name, wanted=requirement)
            continue
        if not all(fits(found, each) for each in wanted):
            yield LIBRARY_OUT_OF_RANGE.at(name, found=found, wanted=requirement)


def parted(requirement: str) -> tuple[str, tuple[str, ...]]:
    """A requirement's name and its conditions: ``aiohttp<4,>=3.12``. Pure."""
    at = min((requirement.find(c) for c in "<>=!" if c in requirement), default=len(requirement))
    conditions = tuple(each.strip() for each in requirement[at:].split(",") if each.strip())
    return requirement[:at].strip(), conditions


def fits(found: str, condition: str) -> bool:
    """Whether a version meets one condition of those that Argent's own metadata is written in: a
    comparison with numbers. Anything else is taken for met. Pure."""
    sign = next((sign for sign in _COMPARISONS if condition.startswith(sign)), None)
    if sign is None:
        return True
    pairs = zip_longest(_numbers(found), _numbers(condition[len(sign) :]), fillvalue=0)
    order = next((have - want for have, want in pairs if have != want), 0)
    return _COMPARISONS[sign](order)


def _numbers(version: str) -> list[int]:
    numbers = []
    for part in version.strip().split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return numbers


def _of_sqlite() -> Iterator[Finding]:
    found = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < _LEAST_SQLITE:
        yield SQLITE_OLD.at("SQLite", found=found)
    try:
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
    except sqlite3.Error as error:
        yield NO_FTS.at("SQLite", found=found, how=error)
