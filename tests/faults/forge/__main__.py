"""The fork server: ``python -m tests.faults.forge <descriptor of a socket>``.

A request is JSON, ``{"arguments": […], "environment": {…}, "folder": …, "harm": … or null,
"watched": …}``, with three descriptors: what becomes standard output, standard error, and where the
warden tells what happens. There is no answer, and it ends when the socket does.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from tests.faults.forge.harm import harm_of
from tests.faults.forge.warden import watch

_MOST = 1 << 16
_WARM = ("state", "channels", "agents", "gateway")
_COLD = frozenset({"gateway.cli.main", "agents.models.pydantic_ai"})
"""What is run as a program, and what needs an extra that may not be there."""


def main() -> None:
    requests = socket.socket(fileno=int(sys.argv[1]))
    # Nobody waits for a warden; the kernel forgets it by itself.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for package in _WARM:
        _warm_up(package)
    assert threading.active_count() == 1, "a fork would leave a thread behind"
    gc.collect()
    gc.freeze()
    requests.sendall(b"ready\n")
    while True:
        data, descriptors, _, _ = socket.recv_fds(requests, _MOST, 3)
        if not data:
            return
        if os.fork() == 0:
            requests.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            watch(*_life(json.loads(data), descriptors))
            return
        for each in descriptors:
            os.close(each)


def _life(request: dict[str, Any], descriptors: list[int]) -> tuple[Callable[[], None], Any, int]:
    output, errors, told = descriptors
    harm = None if request["harm"] is None else harm_of(request["harm"])

    def begin() -> None:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(errors, 2)
        for each in (output, errors):
            os.close(each)
        # What an interpreter makes of its descriptors depends on what they are: here, pipes.
        sys.stdout = os.fdopen(1, "w")
        sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        module, *arguments = request["arguments"]
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)

    return begin, harm, told


def _warm_up(package: str) -> None:
    there = importlib.import_module(package)
    for module in pkgutil.walk_packages(there.__path__, f"{package}."):
        if module.name not in _COLD:
            importlib.import_module(module.name)


if __name__ == "__main__":
    main()
