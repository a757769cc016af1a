"""What a failed system call means."""

import errno

from state.store import StorageFailed, StorageFull, StoreError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def store_error(error: OSError, doing: str) -> StoreError:
    """What a failed system call means for whoever asked for it."""
    if error.errno in _FULL:
        return StorageFull(f"the disk is full: {doing} failed ({error}); free some space")
    return StorageFailed(f"{doing} failed ({error}); check the disk and its permissions")
