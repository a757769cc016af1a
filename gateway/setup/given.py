"""What the command line gave: for each account what follows its ``--channel``."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.config_secrets import FILE, LARGEST

STDIN = "-"


class WronglyGiven(ValueError):
    """Options that contradict each other, or name what cannot be used."""


@dataclass(slots=True)
class AccountGiven:
    """What was said of one account; no name when no ``--channel`` stood before it."""

    name: str | None = None
    token_file: str | None = None
    app_token_file: str | None = None
    owners: list[str] = field(default_factory=list)


def by_account(options: Iterable[tuple[str, Any]]) -> Iterator[AccountGiven]:
    """Options in the order in which they were given, each with the ``--channel`` before it.

    Raises `WronglyGiven`.
    """
    current = AccountGiven()
    for option, value in options:
        if option == "channel":
            # With one account, what belongs to it may as well stand before it.
            if current.name is not None:
                yield current
                current = AccountGiven()
            current.name = value
        elif option == "owner":
            current.owners.append(value)
        elif getattr(current, option) is not None:
            raise WronglyGiven(
                f"--{option.replace('_', '-')} was given twice for {current.name or 'an account'}: "
                "each stands after the --channel that it is for"
            )
        else:
            setattr(current, option, value)
    if current != AccountGiven():
        yield current


def secret(file: str) -> str:
    """What is written for a secret in this file: where it is, for it is read at every start.

    What will not be there then (standard input, a pipe) is read now and is the secret itself.
    Raises `WronglyGiven`.
    """
    if file == STDIN:
        return _word(sys.stdin.buffer.read(LARGEST + 1), "standard input")
    path = Path(file).expanduser()
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return f"{FILE}{os.path.abspath(path)}"  # noqa: PTH100 - keeps symlinks
        with path.open("rb") as opened:
            return _word(opened.read(LARGEST + 1), file)
    except OSError as error:
        raise WronglyGiven(f"{file}: {error.strerror}") from error


def _word(raw: bytes, where: str) -> str:
    if len(raw) > LARGEST:
        raise WronglyGiven(f"{where} is larger than {LARGEST >> 10} kB, which no secret is")
    try:
        word = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise WronglyGiven(f"{where} is not UTF-8") from None
    if not word:
        raise WronglyGiven(f"{where} holds no secret")
    return word
