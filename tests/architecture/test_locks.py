"""The lock files hold what pyproject.toml asks for, exactly, with hashes."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
RUNTIME = "requirements.lock"
BUILD = "requirements-build.lock"
DEV = "requirements-dev.lock"
LOCKS = [RUNTIME, BUILD, DEV]

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(.*(?:\n    .*)*)", re.MULTILINE)


def pins(name: str) -> dict[str, tuple[str, str]]:
    """Of every package in a lock file: its version, and the rest of its entry."""
    text = (ROOT / name).read_text()
    return {canonicalize_name(name): (version, rest) for name, version, rest in PIN.findall(text)}


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (RUNTIME, PROJECT["project"]["dependencies"]),
        (BUILD, GROUPS["build"]),
        (BUILD, PROJECT["build-system"]["requires"]),
        (DEV, PROJECT["project"]["dependencies"]),
        (DEV, [entry for entry in GROUPS["dev"] if isinstance(entry, str)]),
    ],
    ids=["runtime", "build group", "build system", "runtime in dev", "dev group"],
)
def test_a_lock_satisfies_the_project(lock, wanted):
    locked = pins(lock)
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not in {lock}: run `make lock`"
        version, _ = locked[name]
        assert requirement.specifier.contains(version), f"{name} {version}: run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock):
    locked = pins(lock)
    assert locked
    assert not [name for name, (_, rest) in locked.items() if "--hash=sha256:" not in rest]


@pytest.mark.parametrize("lock", [RUNTIME, BUILD])
def test_what_ships_is_what_was_tested(lock):
    tested = {name: version for name, (version, _) in pins(DEV).items()}
    for name, (version, _) in pins(lock).items():
        assert tested.get(name) == version, f"{name} {version} in {lock}: run `make lock`"
