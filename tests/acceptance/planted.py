"""Faults to plant in an installation, each by the code under which the doctor must name it."""

import hashlib
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gateway.doctor.unit import is_of_another_version
from gateway.unit_file import Installation, Scope
from gateway.unit_file import unit as unit_text
from tests.acceptance.patient import Patient, put_program
from tests.emulators.slack import faults as slack_faults
from tests.emulators.telegram import conflict


@dataclass(frozen=True)
class Planted:
    """A fault, and how it comes to be; `fixed` where ``--fix`` mends it."""

    code: str
    plant: Callable[[Patient], object]
    fixed: bool = False

    def __str__(self) -> str:
        return self.code


def history(p: Patient) -> Path:
    (found,) = p.state.glob("agents/main/sessions/*/history.json")
    return found


def change_ledger(p: Patient, statement: str) -> None:
    with closing(sqlite3.connect(p.state / "gateway.db")) as db:
        db.execute(statement)
        db.commit()


def spoil(path: Path) -> None:
    """Overwrite what is behind a database's first page."""
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\x5a" * 20_000)


def leave_socket(p: Patient) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(p.state / "control.sock"))
    (p.state / "control.sock").chmod(0o600)


def make_stray(p: Patient) -> None:
    (p.state / "agents" / "main" / "sessions" / "notes.txt").touch(mode=0o600)


def unit(p: Patient, **properties: str) -> None:
    """A system's unit as systemd shows it."""
    known = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}
    shown = "\n".join(f"{k}={v}" for k, v in (known | properties).items())
    put_program(p, "systemctl", {"show argent.service": shown})


def unit_of_another_version(p: Patient) -> None:
    state, program = PurePosixPath(p.state), PurePosixPath(sys.executable)
    here = PurePosixPath(Path(sys.executable).resolve())
    prefix = PurePosixPath(Path(sys.prefix).resolve())
    installed = Installation(
        Scope.SYSTEM, (str(program),), state, user="argent", reads=(prefix, here)
    )
    written = p.home / "argent.service"
    written.write_text(unit_text(installed))
    unit(p, FragmentPath=str(written))
    assert not is_of_another_version(str(written), Scope.SYSTEM)
    # What `argent service install` sealed when units were shorter.
    body = "[Service]\nUser=argent\n" + "".join(
        f"{line}\n"
        for line in written.read_text().splitlines()
        if line.startswith(("ExecStart=", "Environment="))
    )
    digest = hashlib.sha256(body.encode()).hexdigest()[:16]
    seal = written.read_text().splitlines()[-1].rpartition(" ")[0]
    written.write_text(f"{body}{seal} {digest}\n")


def users_unit(p: Patient) -> None:
    put_program(
        p,
        "systemctl",
        {"--user show": "LoadState=loaded\nUnitFileState=enabled", "show": "LoadState=not-found"},
    )
    put_program(p, "loginctl", {"show-user": "Linger=no"})


def another_library(p: Patient) -> None:
    info = p.home / "lib" / "aiolimiter-9.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: aiolimiter\nVersion: 9.0\n")
    p.monkeypatch.syspath_prepend(str(p.home / "lib"))


def many_in_private(p: Patient) -> None:
    bot = p.around.telegram.bot
    for number in range(100):
        bot.updates.push({"message": {"message_id": number}})


def no_model(p: Patient) -> None:
    p.configure(
        agents__defaults={"model": "auto"},
        models__openai={},
        models__ollama={"base_url": "http://127.0.0.1:9"},
    )


LOCAL = [
    Planted("settings-wrong", lambda p: p.configure(gateway={"max_turn": 3})),
    Planted("settings-doubtful", lambda p: p.monkeypatch.setenv("ARGENT_LOG__LEVLE", "debug")),
    Planted("settings-shared", lambda p: p.config.chmod(0o644), fixed=True),
    Planted("folder-missing", lambda p: shutil.rmtree(p.state)),
    Planted("folder-is-none", lambda p: (shutil.rmtree(p.state), p.state.touch())),
    Planted("folder-open", lambda p: history(p).chmod(0o644), fixed=True),
    Planted("damaged-set-aside", lambda p: shutil.copy(history(p), f"{history(p)}.damaged-1")),
    Planted("socket-stale", leave_socket, fixed=True),
    Planted("ledger-damaged", lambda p: spoil(p.state / "gateway.db"), fixed=True),
    Planted("ledger-newer", lambda p: change_ledger(p, "PRAGMA user_version = 99")),
    Planted("sessions-damaged", lambda p: history(p).write_bytes(b'[\n{"id":'), fixed=True),
    Planted("sessions-broken", make_stray),
    Planted("search-damaged", lambda p: spoil(p.state / "search.db"), fixed=True),
    Planted("messages-waiting", lambda p: change_ledger(p, "UPDATE inbox SET outcome = NULL")),
    Planted("service-failed", lambda p: unit(p, ActiveState="failed", Result="exit-code")),
    Planted("service-disabled", lambda p: unit(p, UnitFileState="disabled")),
    Planted("service-outdated", lambda p: unit(p, NeedDaemonReload="yes")),
    Planted("service-of-another-version", unit_of_another_version),
    Planted("service-program-gone", lambda p: unit(p, ExecStart="{ path=/gone/argent ; x }")),
    Planted("service-ends-with-login", users_unit),
    Planted("library-out-of-range", another_library),
    Planted("temp-unusable", lambda p: p.monkeypatch.setenv("TMPDIR", str(p.home / "none"))),
    Planted("clock-went-back", lambda p: os.utime(p.state / "gateway.db", (4e9, 4e9))),
    Planted("time-zone-unknown", lambda p: p.monkeypatch.setenv("TZ", "Mars/Phobos")),
    Planted(
        "sandbox-none", lambda p: p.configure(sandbox={"backend": "docker", "image": "debian"})
    ),
    Planted(
        "sandbox-required", lambda p: p.configure(sandbox={"backend": "podman", "required": True})
    ),
]
if os.geteuid() == 0:
    # Nobody else can give a file away.
    LOCAL.append(Planted("folder-foreign-files", lambda p: os.chown(history(p), 12345, -1)))

ASKED = [
    Planted("platform-unreachable", lambda p: p.account("telegram", api_root="http://127.0.0.1:9")),
    Planted("telegram-token-refused", lambda p: p.account("telegram", token="1:revoked")),
    Planted(
        "telegram-webhook-left",
        lambda p: (
            p.around.telegram.webhooks.pause(),
            p.around.telegram.webhooks.set(p.around.telegram.bot, "https://old.example/x", "", 40),
        ),
        fixed=True,
    ),
    Planted(
        "telegram-privacy-mode",
        lambda p: (
            setattr(p.around.telegram.bot, "privacy", True),
            p.account("telegram", respond="always"),
        ),
    ),
    Planted(
        "telegram-another-reader",
        lambda p: p.around.telegram.faults.next("getupdates", conflict()),
    ),
    Planted("telegram-messages-waiting", many_in_private),
    Planted("discord-token-refused", lambda p: p.account("discord", token="no.such.token")),
    Planted("discord-message-content-off", lambda p: setattr(p.around.discord.bot, "intents", 0)),
    Planted("discord-no-server", lambda p: p.around.discord.bot.guilds.clear()),
    Planted(
        "discord-permissions-missing",
        lambda p: setattr(p.around.discord.bot.guilds[0], "permissions", 1 << 10),
    ),
    Planted("slack-token-refused", lambda p: p.around.slack.revoked.add(p.around.slack.token)),
    Planted("slack-scope-needed", lambda p: p.around.slack.scopes.discard("chat:write")),
    Planted("slack-scopes-missing", lambda p: p.around.slack.scopes.discard("files:read")),
    Planted(
        "slack-app-token-refused", lambda p: p.around.slack.revoked.add(p.around.slack.app_token)
    ),
    Planted(
        "slack-app-scope-missing",
        lambda p: p.around.slack.faults.next(
            "apps.connections.open", slack_faults.refused("missing_scope")
        ),
    ),
    Planted("model-key-refused", lambda p: setattr(p.around.model, "key", "another")),
    Planted("model-unknown", lambda p: setattr(p.around.model, "models", ["other-model"])),
    Planted(
        "model-unreachable",
        lambda p: p.configure(models__openai={"base_url": "http://127.0.0.1:9/v1"}),
    ),
    Planted(
        "model-ollama-down",
        lambda p: p.configure(
            agents__defaults={"model": "ollama:llama3"},
            models__ollama={"base_url": "http://127.0.0.1:9"},
        ),
    ),
    Planted("model-demo", no_model),
]

SAID = {
    "gateway-outdated": {"version": "0.0.1"},
    "gateway-cannot-store": {"storage_problem": "the disk is full"},
    "restart-needed": {"restart_needed": ["sandbox.backend"]},
    "settings-not-taken-up": {"settings_problem": "argent.toml, line 3: is no number"},
    "model-rests": {"models_resting": {"openai:x": "it failed 5 times"}},
    "mcp-down": {"mcp": [{"name": "files", "problem": "it ended"}]},
    "search-stopped": {"search_problem": "the disk is full"},
}
"""What a running gateway says of its process, by the fault that follows from it."""
