"""What an operator's action can be refused with: a stable code, the reason, and the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager


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
    "exists": 1,
    "unreadable": 1,
    "storage_full": 1,
    "storage_failed": 1,
    "usage": 2,
    "ambiguous": 2,
    "bad_config": 2,
    "newer_format": 2,
    "gateway_down": 3,
    "network_down": 3,
    "not_allowed": 4,
    "not_found": 5,
    "locked": 6,
}
"""Every code, with the exit code of a command that ends in it."""


@contextmanager
def as_admin_errors() -> Iterator[None]:
    """Raise what storage says as an `AdminError` of the matching code."""
    from state import store
    from state.keys import InvalidKey

    codes: dict[type[Exception], str] = {
        store.NotFound: "not_found",
        store.StateLocked: "locked",
        store.StorageFull: "storage_full",
        store.StorageFailed: "storage_failed",
        store.NewerFormat: "newer_format",
        InvalidKey: "usage",
    }
    try:
        yield
    except (store.StoreError, InvalidKey) as error:
        raise AdminError(codes.get(type(error), "failed"), str(error)) from error
