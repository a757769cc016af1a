"""What an operator's action can be refused with: a stable code, the reason, and the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager

from state.keys import InvalidKey
from state.store import (
    NewerFormat,
    NotFound,
    StateLocked,
    StorageFailed,
    StorageFull,
    StoreError,
)


class AdminError(Exception):
    """An action was not done. `code` is one of `CODES`; `hint` says what to do about it."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


CODES = {
    "failed": 1,
    "findings": 1,
    "storage_full": 1,
    "storage_failed": 1,
    "newer_format": 1,
    "usage": 2,
    "ambiguous": 2,
    "bad_config": 2,
    "gateway_down": 3,
    "network_down": 3,
    "not_allowed": 4,
    "not_found": 5,
    "locked": 6,
}
"""Every code, with the exit code of a command that ends in it."""

_STORE_CODES: tuple[tuple[type[Exception], str], ...] = (
    (NotFound, "not_found"),
    (StateLocked, "locked"),
    (StorageFull, "storage_full"),
    (StorageFailed, "storage_failed"),
    (NewerFormat, "newer_format"),
    (StoreError, "failed"),
    (InvalidKey, "usage"),
)


@contextmanager
def as_admin_errors() -> Iterator[None]:
    """Raise what storage says as an `AdminError` of the matching code."""
    try:
        yield
    except tuple(kind for kind, _ in _STORE_CODES) as error:
        code = next(code for kind, code in _STORE_CODES if isinstance(error, kind))
        raise AdminError(code, str(error)) from error
