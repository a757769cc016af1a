"""The sandboxes of this machine, and those that it has not."""

import asyncio
import os

import pytest

from agents.sandbox import groups
from agents.sandbox.bubblewrap import Bubblewrap
from agents.sandbox.errors import Refusal
from agents.sandbox.kept import KeptSandbox
from agents.sandbox.landlock import Bare, Landlock
from agents.sandbox.order import Backend
from agents.sandbox.testing import a_python, tried

MARK = f"argent-test-{os.getpid()}-"
GROUPS = groups.find()
PYTHON, READABLE = a_python()


def _every() -> dict[str, Backend]:
    found: dict[str, Backend] = {}
    for groups_ in (GROUPS, None) if GROUPS else (None,):
        hold = "hard" if groups_ else "soft"
        found[f"bubblewrap {hold}"] = Bubblewrap.here(groups_)
        found[f"landlock {hold}"] = Landlock(groups_)
    return found


def _refusals(backends: dict[str, Backend]) -> dict[str, Refusal]:
    async def all_tried() -> dict[str, Refusal]:
        found = {name: await tried(each, mark=MARK) for name, each in backends.items()}
        return {name: refusal for name, refusal in found.items() if refusal}

    return asyncio.run(all_tried())


EVERY = _every()
ABSENT = _refusals(EVERY)
"""Why some of them cannot be used here."""
PRESENT = [name for name in EVERY if name not in ABSENT]
"""The best first."""


def of_each(*, but: str = "") -> list[object]:
    """For `parametrize`: the fast suite takes the best sandbox here, the long one all."""
    return [
        pytest.param(name, marks=[] if name == PRESENT[0] else [pytest.mark.slow])
        for name in PRESENT
        if name != but
    ]


def sandbox(name: str) -> KeptSandbox:
    """One of those that are present; `none` is a run without any."""
    backend = Bare(GROUPS) if name == "none" else EVERY[name]
    return KeptSandbox(backend, mark=MARK, readable=READABLE)
