"""The unit of systemd: whether it is there, is begun with the machine, and works."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case
from gateway.unit_file import UNIT, Installation, is_as_written, unit
from gateway.unit_file import Scope as Whose

NOT_INSTALLED = Fault(
    "service-not-installed",
    Level.NOTE,
    "the gateway is not begun with the machine",
    "there is no unit of systemd for it",
    "argent service install",
)
DISABLED = Fault(
    "service-disabled",
    Level.WARNING,
    "the unit {where} is there, and is not begun with the machine",
    "it is not enabled",
    "{systemctl} enable {where}",
)
FAILED = Fault(
    "service-failed",
    Level.ERROR,
    "the unit {where} failed ({result})",
    "the gateway ended and was not started again; the journal says more",
    "{journalctl} -u {where} -n 50, then: {systemctl} restart {where}",
)
OUTDATED = Fault(
    "service-outdated",
    Level.WARNING,
    "systemd goes by an older unit {where} than the one on the disk",
    "the file was changed since systemd read it",
    "{systemctl} daemon-reload, then: {systemctl} restart {where}",
)
OTHER_VERSION = Fault(
    "service-of-another-version",
    Level.WARNING,
    "the unit {where} was written by another version of Argent",
    "{path} is not as this version writes it, and nobody changed it by hand",
    "argent service install",
)
PROGRAM_GONE = Fault(
    "service-program-gone",
    Level.ERROR,
    "the unit {where} runs {program}, which is not there",
    "Argent was installed elsewhere since",
    "argent service install",
)
NO_LINGER = Fault(
    "service-ends-with-login",
    Level.WARNING,
    "the unit {where} ends when its user logs out",
    "it is a user's own unit, and the user's units do not linger",
    "loginctl enable-linger",
)
FAULTS = (NOT_INSTALLED, DISABLED, FAILED, OUTDATED, OTHER_VERSION, PROGRAM_GONE, NO_LINGER)

_SECONDS = 1.0
_PROPERTIES = "LoadState,ActiveState,Result,UnitFileState,NeedDaemonReload,ExecStart,FragmentPath"


class _Scope(NamedTuple):
    """Whose units are meant, and how they are asked about."""

    whose: Whose
    systemctl: tuple[str, ...]
    journalctl: str


_SYSTEM = _Scope(Whose.SYSTEM, ("systemctl",), "journalctl")
_USER = _Scope(Whose.USER, ("systemctl", "--user"), "journalctl --user")


def examine(case: Case) -> Iterator[Finding]:
    """What is wrong with the unit; nothing where systemd does not answer."""
    answered = False
    for scope in (_SYSTEM, _USER):
        shown = _show((*scope.systemctl, "show", UNIT, f"--property={_PROPERTIES}"), case)
        answered = answered or bool(shown)
        if shown.get("LoadState", "not-found") != "not-found":
            yield from _of_unit(case, scope, shown)
            return
    if answered:
        yield NOT_INSTALLED.at(UNIT)


def _of_unit(case: Case, scope: _Scope, shown: Mapping[str, str]) -> Iterator[Finding]:
    words = {"systemctl": " ".join(scope.systemctl), "journalctl": scope.journalctl}
    if shown.get("ActiveState") == "failed":
        yield FAILED.at(UNIT, result=shown.get("Result", "unknown"), **words)
    if shown.get("UnitFileState") == "disabled":
        yield DISABLED.at(UNIT, **words)
    if shown.get("NeedDaemonReload") == "yes":
        yield OUTDATED.at(UNIT, **words)
    program = _program(shown.get("ExecStart", ""))
    if program and not Path(program).exists():
        yield PROGRAM_GONE.at(UNIT, program=program)
    elif is_of_another_version(shown.get("FragmentPath", ""), scope.whose):
        yield OTHER_VERSION.at(UNIT, path=shown["FragmentPath"])
    if scope is _USER:
        lingers = _show(("loginctl", "show-user", "--property=Linger"), case)
        if lingers.get("Linger") == "no":
            yield NO_LINGER.at(UNIT)


def is_of_another_version(path: str, whose: Whose) -> bool:
    """Whether a unit that `argent service install` wrote would be written otherwise now."""
    try:
        text = Path(path).read_text(errors="replace")
    except OSError:
        return False
    if not is_as_written(text):
        return False
    lines = [line.partition("=") for line in text.splitlines() if not line.startswith("#")]
    said = {name: value for name, equals, value in lines if equals and name != "Environment"}
    environment = dict(
        value.strip('"').partition("=")[::2] for name, _, value in lines if name == "Environment"
    )
    command = said.get("ExecStart", "").removesuffix(" gateway run")
    if '"' in command or "ARGENT_STATE_DIR" not in environment:
        # A path that had to be quoted; what stands in it would have to be read as systemd does.
        return False
    config = environment.get("ARGENT_CONFIG")
    now = Installation(
        whose,
        command.split(" "),
        PurePosixPath(environment["ARGENT_STATE_DIR"]),
        user=said.get("User"),
        config=PurePosixPath(config) if config else None,
        reads=tuple(PurePosixPath(Path(each).resolve()) for each in (sys.prefix, sys.executable)),
    )
    return unit(now) != text


def _program(exec_start: str) -> str:
    """The program of an ExecStart as systemd shows it: ``{ path=/usr/bin/argent ; argv[]=…``."""
    return exec_start.partition("path=")[2].partition(" ")[0]


def _show(command: tuple[str, ...], case: Case) -> dict[str, str]:
    """What ``systemctl show`` and its like print; empty where they cannot be asked."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False,
            env=dict(case.environ),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return {}
    if done.returncode != 0:
        return {}
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
