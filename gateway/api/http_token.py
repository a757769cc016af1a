"""The token that is asked for over HTTP, where the owner has set none: made once, and kept."""

import os
import secrets
import stat
from pathlib import Path

import structlog

from gateway.config import SHORTEST_TOKEN
from state.files.errors import store_error
from state.files.layout import FILE_MODE

NAME = "http-token"

_BYTES = 32
_MOST = 1024

_log = structlog.get_logger("http")


def kept_token(state_dir: Path) -> str:
    """The token in the state folder; one is made where there is none that can be used.

    One that others could read is none any more. It blocks. Raises a `store.StoreError` when it
    cannot be kept.
    """
    path = state_dir / NAME
    try:
        if (token := _read(path)) is not None:
            return token
        token = secrets.token_urlsafe(_BYTES)
        _write(path, token)
    except OSError as error:
        raise store_error(error, f"keeping {path}") from error
    return token


def _read(path: Path) -> str | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as file:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise FileExistsError(f"{path} is no file; remove it")
        if stat.S_IMODE(facts.st_mode) & 0o077 or facts.st_uid != os.geteuid():
            _log.warning("http_token_replaced", reason="others could read it", path=str(path))
            return None
        token = file.read(_MOST).decode("ascii", "replace").strip()
    if len(token) < SHORTEST_TOKEN or not token.isprintable() or " " in token:
        _log.warning("http_token_replaced", reason="it is no token", path=str(path))
        return None
    return token


def _write(path: Path, token: str) -> None:
    """Put it in place as a whole, so that a crash leaves the old one, or none, or this one."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(fd, "w", encoding="ascii") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(fd)
    beside.replace(path)
