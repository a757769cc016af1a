"""Asks systemd: for the machine, or for the person who calls."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.admin_errors import AdminError
from gateway.unit_file import UNIT, Scope

_PATIENCE = 90.0
"""Seconds that a start may take, with a recovery in it; systemd's own limit ends sooner."""

_ABSENT = (
    "in a container, see deploy/compose.yaml; else let what supervises programs here run "
    "`argent gateway run`. `argent service install --print` shows the unit"
)


@dataclass(frozen=True, slots=True)
class Systemctl:
    """The program. Raises `AdminError` where it is not there, or what it was asked for failed."""

    scope: Scope

    @property
    def words(self) -> tuple[str, ...]:
        """How it is called."""
        return ("systemctl", "--user") if self.scope is Scope.USER else ("systemctl",)

    def reach(self) -> None:
        """See that there is a systemd that answers."""
        if shutil.which("systemctl") is None:
            raise AdminError("failed", "this machine has no systemd", _ABSENT)
        done = self._run("show", "--property=Version")
        if done.returncode != 0:
            why = (done.stderr.strip() or "it gives no reason").splitlines()[0]
            raise AdminError("failed", f"systemd does not answer: {why}", _ABSENT)

    def do(self, *arguments: str) -> None:
        """Have something done."""
        done = self._run(*arguments)
        if done.returncode != 0:
            told = " ".join((*self.words, *arguments))
            why = done.stderr.strip() or f"exit code {done.returncode}"
            raise AdminError("failed", f"`{told}` failed: {why}", f"journalctl -u {UNIT} says more")

    def show(self, *properties: str) -> Mapping[str, str]:
        """What systemd knows of the unit."""
        done = self._run("show", UNIT, f"--property={','.join(properties)}")
        pairs = (line.partition("=") for line in done.stdout.splitlines())
        return {name: value for name, equals, value in pairs if equals}

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [*self.words, *arguments],
                capture_output=True, text=True, timeout=_PATIENCE, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise AdminError("failed", f"systemctl: {error}", _ABSENT) from error


def unit_path(scope: Scope, environ: Mapping[str, str]) -> Path:
    """Where a unit is kept that an owner or a person adds: systemd.unit(5)."""
    if scope is Scope.SYSTEM:
        return Path("/etc/systemd/system") / UNIT
    base = environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(base) / "systemd" / "user" / UNIT
