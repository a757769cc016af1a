"""The state folder: that it is there, whose it is, who else may look into it, and what is left."""

import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case
from state.files.layout import AGENTS, BACKUPS, DELETED, LOGS, SESSIONS, TRASH, WORKSPACE

MISSING = Fault(
    "folder-missing",
    Level.WARNING,
    "there is no state folder at {where}",
    "nothing was set up yet, or ARGENT_STATE_DIR names another folder than before",
    "argent setup, or name the folder: argent --state-dir FOLDER doctor",
)
NO_FOLDER = Fault(
    "folder-is-none",
    Level.ERROR,
    "{where} is no folder",
    "something else stands in the state folder's place",
    "move it elsewhere: mv {where} {where}.old",
)
CLOSED = Fault(
    "folder-closed",
    Level.ERROR,
    "this user may not read and write in {where}",
    "it belongs to user {owner}",
    "run Argent as that user, or give the folder to this one: sudo chown -R {user} {where}",
)
FOREIGN = Fault(
    "folder-foreign-files",
    Level.ERROR,
    "{count} files in {where} belong to another user, such as {example}",
    "Argent was run by another user (root, perhaps); the gateway cannot write them",
    "sudo chown -R {user} {where}",
)
OPEN = Fault(
    "folder-open",
    Level.WARNING,
    "{count} files or folders in {where} are open to others, such as {example}",
    "they were made or copied by another program",
    "argent doctor --fix, or: chmod -R go= {where}",
    mends=True,
)
SET_ASIDE = Fault(
    "damaged-set-aside",
    Level.WARNING,
    "{count} damaged files were set aside, such as {where}",
    "a file did not read, was kept as it was, and was made again from what did read",
    "see what is missing; a backup has the rest (argent backup restore); then remove it: rm -r "
    "{where}",
)
LEFTOVERS = Fault(
    "leftovers",
    Level.NOTE,
    "{count} half-written or half-removed files are left, such as {where}",
    "a process was ended in the middle of its work; nothing of them counts",
    "nothing: the gateway clears them away when it starts",
)
STALE_SOCKET = Fault(
    "socket-stale",
    Level.WARNING,
    "{where} is there, and no gateway listens on it",
    "a gateway was killed; the next one replaces it",
    "argent doctor --fix, or: rm {where}",
    mends=True,
)
FAULTS = (MISSING, NO_FOLDER, CLOSED, FOREIGN, OPEN, SET_ASIDE, LEFTOVERS, STALE_SOCKET)

SAMPLE = 10_000
"""Files that are looked at, unless all shall be."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NOT_OURS = (WORKSPACE, DELETED, BACKUPS, LOGS)
"""Folders that are looked at, and not what is in them: agents and owners put files there."""

_HALF_DONE = re.compile(rf"/\.[^/]*\.new$|/{AGENTS}/[^/]+/{SESSIONS}/{re.escape(TRASH)}[^/]*$")


def examine(case: Case) -> Iterator[Finding]:
    """What is wrong with the folder and its files, but for what is in them."""
    root = case.state_dir
    where, user = str(root), os.geteuid()
    if not os.path.lexists(root):
        yield MISSING.at(where)
        return
    if not root.is_dir():
        yield NO_FOLDER.at(where)
        return
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        yield CLOSED.at(where, owner=root.stat().st_uid, user=user)
        return
    files = list(islice(entries(root), None if case.thorough else SAMPLE))
    foreign = [path for path, about in files if about.st_uid != user]
    if foreign:
        example = _below(foreign[0], root)
        yield FOREIGN.at(where, count=len(foreign), example=example, user=user)
    opened = [path for path, about in files if is_open(about)]
    if opened:
        yield OPEN.at(where, count=len(opened), example=_below(opened[0], root))
    yield from _left(case, [path for path, _ in files])
    if is_stale(case):
        yield STALE_SOCKET.at(str(root / "control.sock"))


def entries(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The folder and what is in it, links not followed, without what Argent did not write."""
    yield str(root), root.lstat()
    waiting = deque([str(root)])
    while waiting:
        try:
            with os.scandir(waiting.popleft()) as found:
                inside = list(found)
        except OSError:
            continue
        for entry in inside:
            try:
                about = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                # A running gateway makes and removes files at any moment.
                continue
            yield entry.path, about
            if stat.S_ISDIR(about.st_mode) and entry.name not in _NOT_OURS:
                waiting.append(entry.path)


def is_open(about: os.stat_result) -> bool:
    """Whether others than its owner may do something with it; a link's own mode says nothing."""
    return bool(about.st_mode & _OTHERS) and not stat.S_ISLNK(about.st_mode)


def is_stale(case: Case) -> bool:
    """Whether the control socket is left of a gateway that is gone."""
    return case.holder is None and (case.state_dir / "control.sock").is_socket()


def _left(case: Case, files: list[str]) -> Iterator[Finding]:
    aside = [path for path in files if ".damaged-" in path]
    if aside:
        yield SET_ASIDE.at(aside[0], count=len(aside))
    left = [path for path in files if _HALF_DONE.search(path)]
    if left and case.holder is None:
        yield LEFTOVERS.at(left[0], count=len(left))


def _below(path: str, root: Path) -> str:
    return "." if path == str(root) else os.path.relpath(path, root)
