"""`gateway -> (channels | agents) -> state`, and what else pyproject.toml says of imports."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [LINT_IMPORTS, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The four packages, where a test may break them."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    return tmp_path


def test_the_rules_are_kept(copy):
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("state/keys.py", "import gateway.config", "gateway ->"),
        ("channels/errors.py", "import agents.errors", "gateway ->"),
        ("agents/errors.py", "import channels.errors", "gateway ->"),
        ("state/keys.py", "import state.session", "no cycles"),
        ("channels/loopback.py", "import channels.telegram.config", "channels do not know"),
        ("state/lifecycle.py", "import time", "the core is pure"),
        ("gateway/routing.py", "import asyncio", "the core is pure"),
        ("gateway/routing.py", "import channels.loopback", "the core is pure"),
    ],
)
def test_a_broken_rule_is_named(copy, file, line, rule):
    with (copy / file).open("a") as source:
        source.write(f"\n{line}\n")
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [row for row in done.stdout.splitlines() if "BROKEN" in row]
    assert any(row.startswith(rule) for row in broken), done.stdout
