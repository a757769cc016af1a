"""What the kernel knows about a process."""

import re
import time
from pathlib import Path

_CPUCLOCK_SCHED = 2
_SYNCS = re.compile(rb"\b(?:fsync|fdatasync|syncfs)\(")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads, ended ones too.

    The same as utime + stime in /proc/<pid>/stat, in nanoseconds instead of hundredths of a
    second: https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html (glibc's encoding).
    """
    return time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED)


def resident_megabytes(pid: int) -> float:
    """VmRSS: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html."""
    return _megabytes(pid, "VmRSS:")


def peak_megabytes(pid: int) -> float:
    """VmHWM: the most resident memory that a process ever had."""
    return _megabytes(pid, "VmHWM:")


def _megabytes(pid: int, what: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(f"process {pid} has no memory")


def megabytes_read(pid: int) -> float:
    """What a process was given by read calls: the rchar of
    https://man7.org/linux/man-pages/man5/proc_pid_io.5.html."""
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(io["rchar"]) / 1e6


def syncs(trace: Path) -> int:
    """How many flushes strace has written down."""
    return len(_SYNCS.findall(trace.read_bytes()))


def file_system(folder: Path) -> str:
    """The kind of file system that a folder is on."""
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    above = [(len(point), kind) for point, kind in mounts if folder.is_relative_to(point)]
    return max(above)[1]
