"""What a sandbox must keep a command from, tried from inside. Run by itself; needs no package.

Prints the names of what worked, as a JSON list. Nothing may.
"""

import ctypes
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path

_NEW_USER_NAMESPACE = 0x10000000
_PTRACE = {"x86_64": 101, "aarch64": 117}
_PTRACE_ATTACH = 16
_USR1 = 10
_SECONDS = 1.0


def attempts(given: dict[str, str]) -> dict[str, Callable[[], object]]:
    """By name; each raises, or returns something false, where it is kept from working."""
    outsider = int(given["pid"])
    libc = ctypes.CDLL(None, use_errno=True)

    def abstract() -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("\0" + given["abstract"])
        return True

    def loopback() -> bool:
        socket.create_connection(("127.0.0.1", int(given["port"])), _SECONDS).close()
        return True

    def signal() -> None:
        if outsider != os.getpid():
            os.kill(outsider, _USR1)

    def mode() -> bool:
        Path(given["file"]).chmod(0o604)
        return True

    def slower() -> bool:
        os.setpriority(os.PRIO_PROCESS, outsider, 10)
        return outsider != os.getpid()

    return {
        "reads a file outside": lambda: Path(given["file"]).read_bytes(),
        "writes a file outside": lambda: Path(given["folder"], "new").write_text("x"),
        "connects to this machine": loopback,
        "connects to an abstract socket": abstract,
        "reads another process's environment": lambda: (
            given["token"].encode() in Path(f"/proc/{outsider}/environ").read_bytes()
        ),
        "traces another process": lambda: (
            outsider != os.getpid()
            and libc.syscall(_PTRACE[os.uname().machine], _PTRACE_ATTACH, outsider, 0, 0) == 0
        ),
        "makes a user namespace": lambda: libc.unshare(_NEW_USER_NAMESPACE) == 0,
        "changes a file outside": mode,
        "limits another process": lambda: (
            outsider != os.getpid()
            and resource.prlimit(outsider, resource.RLIMIT_CORE, (0, 0)) is not None
        ),
        "slows another process": slower,
        "is root": lambda: os.geteuid() == 0,
        # Whether it arrives is seen by the process: its number can be another's in here.
        "": signal,
    }


def worked(attempt: Callable[[], object]) -> bool:
    """Whether an attempt went well, as seen from inside."""
    try:
        return bool(attempt())
    except Exception:
        return False


if __name__ == "__main__":
    tried = attempts(json.loads(sys.argv[1]))
    sys.stdout.write(json.dumps([name for name, each in tried.items() if worked(each)]))
