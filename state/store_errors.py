"""What can be wrong with the stored state."""


class StoreError(Exception):
    """Something about the stored state is wrong; the message says what, where and what to do."""


class StorageFull(StoreError):
    """The disk (or a quota) is full. Nothing was stored; it may be tried again later."""


class StorageFailed(StoreError):
    """The disk refused a read or a write. Nothing was stored."""


class StateLocked(StoreError):
    """Another process owns the state folder; the message names its pid."""


class NotFound(StoreError):
    """No such session, code or person."""


class FileTooLarge(StoreError):
    """A file is larger than it may be. Nothing of it was kept."""


class NewerFormat(StoreError):
    """Written by a newer version of Argent, which this one must not touch."""
