"""A world around each attack, which must be as it was when the attack is over."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.world import SECRET, World, world


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("ARGENT_TELEGRAM_TOKEN", SECRET)
    with world() as made:
        inherited = os.open(made.state / "argent.toml", os.O_RDONLY)
        os.set_inheritable(inherited, True)
        before = len(list(Path("/proc/self/fd").iterdir()))
        try:
            yield made
            assert made.left() == []
            assert len(list(Path("/proc/self/fd").iterdir())) == before
            assert (made.state / "argent.toml").read_text() == SECRET
            assert [each.name for each in made.state.iterdir()] == ["argent.toml"]
        finally:
            os.close(inherited)
