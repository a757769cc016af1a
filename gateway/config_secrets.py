"""Secrets that a setting names instead of holding them: ``token = "file:/run/secrets/telegram"``.

It works wherever a secret can be set, in the file, in the environment and on the command line
(``TELEGRAM_BOT_TOKEN=file:…``): for systemd's credentials, for secrets of Docker and Kubernetes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway import plain_file
from gateway.config_layers import values
from gateway.config_schema import Path as KeyPath
from gateway.config_schema import is_secret, type_at
from gateway.plain_file import PlainFile

FILE = "file:"
LARGEST = 64 << 10
"""The longest secret, in bytes."""


class SecretMissing(Exception):
    """A secret that is not where its setting says; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A setting whose value is in a file. `shared` says that everybody on the machine reads it."""

    setting: KeyPath
    file: Path
    secret: str
    shared: bool


def references(data: Mapping[str, Any], root: Any) -> Iterable[tuple[KeyPath, str]]:
    """Every secret below that is given by reference, with what stands in its place."""
    for path, value in values(data):
        if isinstance(value, str) and value.startswith(FILE) and is_secret(type_at(root, path)):
            yield path, value


def files(data: Mapping[str, Any], root: Any) -> tuple[Path, ...]:
    """The files that secrets below refer to, whether or not they are there."""
    named = (_file(written) for _, written in references(data, root))
    return tuple(dict.fromkeys(file for file in named if file is not None))


def follow(setting: KeyPath, written: str) -> Reference:
    """Read the secret that a setting refers to. Raises `SecretMissing`."""
    if (file := _file(written)) is None:
        raise SecretMissing(f"{written!r} names the home of nobody who is known here")
    if not file.is_absolute():
        raise SecretMissing(f"{written!r} depends on where Argent is started: write {FILE}/…")
    found = _read(file)
    try:
        secret = found.content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SecretMissing(f"{file} is not UTF-8") from None
    if not secret.strip():
        raise SecretMissing(f"{file} is empty")
    # Group bits say nothing: with an access list, as systemd's credentials have one, they are its
    # mask.
    return Reference(setting, file, secret, shared=found.is_read_by_all)


def _file(written: str) -> Path | None:
    """None where it is in the home of nobody who is known here."""
    try:
        return Path(written.removeprefix(FILE)).expanduser()
    except RuntimeError:
        return None


def _read(file: Path) -> PlainFile:
    try:
        found = plain_file.read(file, most=LARGEST)
    except OSError as error:
        raise SecretMissing(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise SecretMissing(f"{str(file)!r} is no path: {error}") from None
    if len(found.content) > LARGEST:
        raise SecretMissing(f"{file} is larger than {LARGEST >> 10} kB, which no secret is")
    return found
