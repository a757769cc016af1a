"""Installing the gateway as a person's unit, beside a systemd that notes what it is asked."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.sources import ROOT

pytestmark = pytest.mark.acceptance

SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$ASKED"
case "$*" in
  *--property=Version*) [ -z "$NO_SYSTEMD" ] || { echo "Host is down" >&2; exit 1; };;
  *"show argent.service"*) printf 'ActiveState=active\\nSubState=running\\nUnitFileState=enabled
MainPID=4711\\nNRestarts=2\\nStatusText=Ready: 1 of 1 channels healthy\\n';;
  *enable*) [ -z "$REFUSES" ] || { echo "Access denied" >&2; exit 1; };;
esac
"""


class Machine:
    """A home, and a systemctl that does nothing but remember."""

    def __init__(self, folder: Path) -> None:
        self.home, self._asked = folder / "home", folder / "asked"
        programs = folder / "bin"
        programs.mkdir()
        (programs / "systemctl").write_text(SYSTEMCTL)
        (programs / "systemctl").chmod(0o755)
        self.environ = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "ASKED": str(self._asked),
        }
        self.unit = self.home / "config/systemd/user/argent.service"

    def service(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway.cli.main", "service", *arguments, "--user"],
            cwd=ROOT, env=self.environ | environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def data(self, *arguments: str) -> dict[str, Any]:
        done = self.service(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        data: dict[str, Any] = json.loads(done.stdout)["data"]
        return data

    @property
    def asked(self) -> list[str]:
        """What systemd was asked for, but for whether it is there."""
        lines = self._asked.read_text().splitlines() if self._asked.exists() else []
        return [line for line in lines if "Version" not in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_unit_is_written_enabled_and_removed(machine: Machine) -> None:
    installed = machine.data("install", "--yes")
    assert machine.asked == ["--user daemon-reload", "--user enable argent.service"]
    assert stat.S_IMODE(machine.unit.stat().st_mode) == 0o644
    assert [path.name for path in machine.unit.parent.iterdir()] == ["argent.service"]
    assert "systemctl --user start argent" in installed["next"]
    assert any("setup" in step for step in installed["next"]), "nothing is set up yet"
    shown = machine.data("status")
    assert (shown["active"], shown["pid"], shown["restarts"]) == ("active", 4711, 2)
    assert shown["changed_by_hand"] is False
    machine.data("uninstall", "--yes")
    assert machine.asked[-2:] == ["--user disable --now argent.service", "--user daemon-reload"]
    assert not machine.unit.exists()
    assert machine.service("status").returncode == 5


def test_what_is_printed_is_what_would_be_written_and_changes_nothing(machine: Machine) -> None:
    printed = machine.service("install", "--print").stdout
    assert (machine.asked, machine.home.exists()) == ([], False)
    machine.data("install", "--yes", "--now")
    assert machine.asked[-1] == "--user enable --now argent.service"
    assert machine.unit.read_text() == printed


def test_a_unit_that_its_owner_changed_is_left_alone(machine: Machine) -> None:
    machine.data("install", "--yes")
    changed = machine.unit.read_text().replace("WatchdogSec=30", "WatchdogSec=60")
    machine.unit.write_text(changed)
    for verb in ("install", "uninstall"):
        done = machine.service(verb, "--yes")
        assert done.returncode == 1
        assert "changed by hand" in done.stderr
        assert "--force" in done.stderr
        assert machine.unit.read_text() == changed
    assert machine.data("status")["changed_by_hand"] is True
    machine.data("install", "--yes", "--force")
    assert "WatchdogSec=30" in machine.unit.read_text()


def test_nothing_is_written_unasked_or_without_systemd(machine: Machine) -> None:
    unasked = machine.service("install")
    assert (unasked.returncode, "--yes" in unasked.stderr) == (2, True)
    nowhere = machine.service("install", "--yes", NO_SYSTEMD="1")
    assert nowhere.returncode == 1
    assert "systemd does not answer: Host is down" in nowhere.stderr
    assert "deploy/compose.yaml" in nowhere.stderr
    assert not machine.home.exists()


def test_a_refusal_of_systemd_is_told(machine: Machine) -> None:
    done = machine.service("install", "--yes", REFUSES="1")
    assert done.returncode == 1
    assert "`systemctl --user enable argent.service` failed: Access denied" in done.stderr
