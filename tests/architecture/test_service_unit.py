"""The unit of systemd: right in its own eyes, and closed as far as a sandbox inside allows."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from gateway.config import GatewaySettings
from gateway.unit_file import Scope, unit
from tests.architecture.service_unit import EXAMPLE, PATH

MOST_EXPOSED = 2.5
BREAKS_BUBBLEWRAP = (
    "RestrictNamespaces",
    "ProtectHostname",
    "ProtectKernelTunables",
    "ProtectKernelLogs",
    "ProcSubset",
    "MemoryDenyWriteExecute",
)
"""Measured, but for the last, which ends programs that compile as they run."""

AT_HOME = replace(
    EXAMPLE, command=("/home/a b/%n/$x/argent",), state=PurePosixPath("/home/a b/%n/state")
)
OWN = replace(EXAMPLE, scope=Scope.USER, user=None, state=PurePosixPath("/home/alice/.argent"))


def settings(text: str) -> list[tuple[str, str]]:
    """Each setting of a unit and its value, in order."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return [(name, value) for name, equals, value in pairs if equals]


def test_the_unit_in_deploy_is_the_one_that_is_installed():
    assert PATH.read_text() == unit(EXAMPLE), "python -m tests.architecture.service_unit"


def test_nothing_in_the_unit_keeps_bubblewrap_from_its_work():
    assert not {name for name, _ in settings(unit(EXAMPLE))} & set(BREAKS_BUBBLEWRAP)


def test_a_stopping_gateway_is_given_the_time_that_it_takes():
    (seconds,) = (value for name, value in settings(unit(EXAMPLE)) if name == "TimeoutStopSec")
    assert float(seconds) >= GatewaySettings().drain_seconds + 15


if shutil.which("systemd-analyze") is not None:

    def analyzed(folder: Path, text: str, *arguments: str) -> str:
        """What systemd says of a unit, whose programs are there."""
        there = re.sub(r"^(Exec\w+=).*(?= gateway )", r"\1/bin/true", text, flags=re.MULTILINE)
        (folder / "argent.service").write_text(there)
        done = subprocess.run(
            ["systemd-analyze", "--no-pager", *arguments, str(folder / "argent.service")],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    @pytest.mark.parametrize("installation", [EXAMPLE, AT_HOME, OWN], ids=["system", "home", "own"])
    def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path, installation):
        # Also of what is unknown to it, systemd only complains.
        assert analyzed(tmp_path, unit(installation), "verify", "--man=no") == ""

    def test_the_unit_is_as_closed_as_was_promised(tmp_path):
        told = analyzed(tmp_path, unit(EXAMPLE), "security", "--offline=true")
        found = re.search(r"Overall exposure level for argent\.service: ([\d.]+)", told)
        assert found is not None, told
        print(f"systemd-analyze security: {found[1]} of at most {MOST_EXPOSED}")
        assert float(found[1]) <= MOST_EXPOSED, told
