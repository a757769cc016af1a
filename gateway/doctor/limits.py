"""What the operating system allows: open files, and room for temporary ones."""

import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case

FEW_DESCRIPTORS = Fault(
    "descriptors-few",
    Level.WARNING,
    "{whose} may have {limit} files and connections open at once",
    "the limit is lower than what a busy gateway needs",
    "ulimit -n {wanted} before argent gateway run; in a unit of systemd: LimitNOFILE={wanted}",
)
TEMP_UNUSABLE = Fault(
    "temp-unusable",
    Level.WARNING,
    "no temporary file can be made in {where}",
    "{how}",
    "make the folder writable and make room in it, or name another one: TMPDIR=/var/tmp",
)
FAULTS = (FEW_DESCRIPTORS, TEMP_UNUSABLE)

LEAST_DESCRIPTORS = 1024
WANTED_DESCRIPTORS = 4096
_LEAST_ROOM = 10_000_000
_OPEN_FILES = re.compile(r"^Max open files\s+(\d+)", re.MULTILINE)


def examine(case: Case) -> Iterator[Finding]:
    """What is too little."""
    limit = _descriptors(case.holder)
    if limit < LEAST_DESCRIPTORS:
        whose = f"the gateway (pid {case.holder})" if case.holder else "a gateway begun from here"
        yield FEW_DESCRIPTORS.at("limits", whose=whose, limit=limit, wanted=WANTED_DESCRIPTORS)
    folder = Path(case.environ.get("TMPDIR") or "/tmp")
    if how := _unusable(folder):
        yield TEMP_UNUSABLE.at(str(folder), how=how)


def _descriptors(pid: int | None) -> int:
    """The limit of a process that can be looked at, else of this one."""
    if pid:
        try:
            found = _OPEN_FILES.search(Path(f"/proc/{pid}/limits").read_text())
        except OSError:
            found = None
        if found is not None:
            return int(found[1])
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return LEAST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def _unusable(folder: Path) -> str | None:
    if not folder.is_dir():
        return "there is no such folder"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "this user may not write there"
    room = os.statvfs(folder)
    if room.f_bavail * room.f_frsize < _LEAST_ROOM:
        return "its file system is full"
    return None
