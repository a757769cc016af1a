"""What a process and its gateway hold: descriptors, tasks, threads, memory, and every container.

The containers are found by walking from the gateway through whatever is made of our own classes,
and in our modules: a new dictionary is measured without anybody naming it.
"""

import asyncio
import ctypes
import gc
import os
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from tests.benchmarks.probes import resident_megabytes

_OURS = ("agents", "channels", "gateway", "state")
_CONTAINERS = (dict, set, list, deque, WeakValueDictionary)
_libc = ctypes.CDLL(None)


def sample(root: object) -> dict[str, float]:
    """All figures now, after what is garbage was collected and given back."""
    gc.collect()
    _libc.malloc_trim(0)
    return {
        "descriptors": float(len(list(Path("/proc/self/fd").iterdir()))),
        "tasks": float(len(asyncio.all_tasks())),
        "threads": float(threading.active_count()),
        "memory, MB": round(resident_megabytes(os.getpid()), 1),
        **containers(root),
    }


def containers(root: object) -> dict[str, float]:
    """How much is in each container, by the name of the attribute or global that holds it.

    Those of one class are added up.
    """
    sizes: Counter[str] = Counter()
    for module in [m for name, m in sys.modules.items() if name.split(".")[0] in _OURS]:
        for name, value in list(vars(module).items()):
            if isinstance(value, _CONTAINERS) and not name.startswith("__"):
                sizes[f"{module.__name__}:{name}"] += len(value)
    known: set[int] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in known:
            continue
        known.add(id(one))
        for name, value in _attributes(one):
            if isinstance(value, _CONTAINERS):
                sizes[f"{type(one).__name__}.{name}"] += len(value)
                held = value.values() if isinstance(value, dict) else value
                waiting += [each for each in list(held) if _is_ours(each)]
            elif _is_ours(value):
                waiting.append(value)
    return {name: float(size) for name, size in sizes.items()}


def _is_ours(value: object) -> bool:
    kind = type(value)
    if callable(value) and hasattr(value, "__self__"):
        return False
    return kind.__module__.split(".")[0] in _OURS


def _attributes(one: object) -> Iterator[tuple[str, Any]]:
    yield from list(getattr(one, "__dict__", {}).items())
    for kind in type(one).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if hasattr(one, name):
                yield name, getattr(one, name)
