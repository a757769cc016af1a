"""The embedded default: sessions as folders of JSON files, the ledger in SQLite.

Names are imported when they are first used, so that a reader does not pay for what only the
gateway needs.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from state.files.lock import lock_holder
    from state.files.open import State, open_state
    from state.files.readonly import ReadOnlyState

__all__ = ["ReadOnlyState", "State", "lock_holder", "open_state"]

_HOMES = {
    "ReadOnlyState": "readonly",
    "State": "open",
    "lock_holder": "lock",
    "open_state": "open",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)
