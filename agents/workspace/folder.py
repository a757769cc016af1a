"""The folder itself, and whose it is.

A gateway that runs as root gives every workspace to a user of its own, so that what broke out of
one session's sandbox still could not read another's files. Any other gateway keeps them.
"""

import hashlib
import os
from pathlib import Path

_USERS = range(66_000, 98_000)
"""Numbers that nothing hands out: above 16 bits, and below where containers' users begin
(https://systemd.io/UIDS-GIDS/, and SUB_UID_MIN of login.defs)."""

_FEW_USERS = range(61_000, 61_180)
"""Where a user namespace has no more than 65,536 users: above logins, below systemd's own."""


def prepare(folder: Path, session: str) -> None:
    """Make a workspace that only its own user may enter. Raises `OSError`."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
    if os.geteuid() == 0 and folder.stat().st_uid == 0:
        user = user_of(session, Path("/proc/self/uid_map").read_text())
        os.chown(folder, user, user, follow_symlinks=False)


def user_of(session: str, uid_map: str) -> int:
    """The number of a session's user: the same each time, and seldom another session's."""
    reaches = max((sum(map(int, line.split()[::2])) for line in uid_map.splitlines()), default=0)
    users = _USERS if reaches > _USERS[-1] else _FEW_USERS
    digest = hashlib.sha256(session.encode("utf-8", "surrogateescape")).digest()
    return users[int.from_bytes(digest[:8]) % len(users)]
