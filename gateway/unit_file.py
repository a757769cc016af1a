"""The unit of systemd for an installation, as text.

https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html and systemd.exec.html
there. What holds for bubblewrap was measured with systemd 252; ADR 26 has the table.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

UNIT = "argent.service"
STATE = PurePosixPath("/var/lib/argent")
"""The state folder that systemd makes itself, and gives to the unit's user."""

_HOMES = (PurePosixPath("/home"), PurePosixPath("/root"), PurePosixPath("/run/user"))
_SEAL = "# Written by `argent service install`; as it was then, its digest is "


class Scope(Enum):
    """Whose unit it is: the machine's, begun when it boots, or a person's, begun at their login."""

    SYSTEM = "system"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Installation:
    """What a unit starts. `user` is None in a person's own unit, which runs as that person.

    `reads` are all the places that Argent is installed in.
    """

    scope: Scope
    command: Sequence[str]
    state: PurePosixPath
    user: str | None = None
    config: PurePosixPath | None = None
    reads: tuple[PurePosixPath, ...] = ()


def unit(installation: Installation) -> str:
    """The unit's text."""
    body = "\n".join(_lines(installation)) + "\n"
    return f"{body}{_SEAL}{_digest(body)}\n"


def is_as_written(text: str) -> bool:
    """Whether a unit is as `unit` made it, in this version or another: nobody changed it since."""
    body, seal, digest = text.rpartition(_SEAL)
    return bool(seal) and digest.strip() == _digest(body)


def quoted(words: Sequence[str]) -> str:
    """A command line as systemd reads it: nothing in it is a specifier or a variable."""
    return " ".join(_quoted(word.replace("$", "$$")) for word in words)


def _quoted(word: str) -> str:
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if any(map(_ends_or_hides, plain)):
        # A line that ended here would begin another setting, of whoever named the file.
        plain = "".join(_escaped(each) if _ends_or_hides(each) else each for each in plain)
    return (
        plain if plain and plain.isascii() and not set(plain) & set(" \t\n'\\;") else f'"{plain}"'
    )


def _ends_or_hides(character: str) -> bool:
    """Whether it would end a line for somebody who reads the unit, or cannot be seen there."""
    return not (character.isprintable() or character == "\t")


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _lines(of: Installation) -> Iterator[str]:
    yield _HEAD.format(run=quoted([*of.command, "gateway", "run"]))
    yield f"ExecReload={quoted([*of.command, 'gateway', 'reload'])}"
    yield from _where(of)
    yield _LIFE
    if of.scope is Scope.USER:
        yield _OWN
        yield "\n[Install]\nWantedBy=default.target"
        return
    yield _WALLS
    yield f"ProtectHome={'read-only' if any(map(_is_at_home, _places(of))) else 'yes'}"
    if of.state == STATE:
        # Of a user that is a person's, the objects of all their programs would be removed.
        yield "RemoveIPC=yes"
    yield "\n[Install]\nWantedBy=multi-user.target"


def _where(of: Installation) -> Iterator[str]:
    if of.user is not None:
        yield f"User={of.user}"
    if of.scope is Scope.SYSTEM and of.state == STATE:
        yield f"StateDirectory={STATE.name}\nStateDirectoryMode=0700"
    elif of.scope is Scope.SYSTEM:
        yield f"ReadWritePaths={_quoted(str(of.state))}"
    yield f"Environment={_quoted(f'ARGENT_STATE_DIR={of.state}')}"
    if of.config is not None:
        yield f"Environment={_quoted(f'ARGENT_CONFIG={of.config}')}"


def _places(of: Installation) -> Iterator[PurePosixPath]:
    yield from (of.state, PurePosixPath(of.command[0]), *of.reads)
    if of.config is not None:
        yield of.config


def _is_at_home(place: PurePosixPath) -> bool:
    return any(place.is_relative_to(home) for home in _HOMES)


_HEAD = """\
# What is to be changed here, change with `systemctl edit argent`: that outlives a new version.
[Unit]
Description=Argent, a gateway between messaging apps and an LLM agent
Wants=network-online.target
After=network-online.target
# However often it had to be started: it is tried again, and not given up one night.
StartLimitIntervalSec=0

[Service]
# It says when it has taken up what was left (ready), how it is (systemctl status), that it reads
# its settings anew, and that it lives. It does not live when its event loop is stuck, its ledger
# takes no write, or no account so much as tries to reach its platform. An outage is none of these.
Type=notify
NotifyAccess=main
WatchdogSec=30
ExecStart={run}"""

_LIFE = """\

# Tokens need not be in argent.toml. With this, there can be
# token = "file:/run/credentials/argent.service/telegram"
#LoadCredential=telegram:/etc/argent/telegram.token

# 2 is a configuration or a version that no restart can mend. 6, another gateway on this folder, is
# tried again: that one may be about to end.
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=2
# A recovery or an upgrade of the state asks for more time by itself.
TimeoutStartSec=90
# gateway.drain_seconds is 25, after which it lets go of what it holds; it asks for more where that
# is more. Until then the commands of running turns are left alone (mixed); nothing outlives it.
TimeoutStopSec=45
KillMode=mixed
# Each sandboxed command has its own limits, in groups below the unit's. One that has eaten its
# memory is ended alone.
Delegate=memory pids cpu
OOMPolicy=continue
LimitNOFILE=16384
UMask=0077"""

_OWN = """\

# A person's manager has no right to build walls of mounts; these need none.
NoNewPrivileges=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native"""

_WALLS = """\

# Argent has no privilege, and can get none.
NoNewPrivileges=yes
CapabilityBoundingSet=
# It can write its state, its own control group, and a /tmp of its own.
ProtectSystem=strict
ProtectControlGroups=yes
ReadWritePaths=-/sys/fs/cgroup/system.slice/%n
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
# It sees no user but its own and root, and no process but its own.
PrivateUsers=yes
ProtectProc=invisible
ProtectClock=yes
ProtectKernelModules=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
# The commands of people who are not trusted run in bubblewrap, which makes namespaces, mounts and a
# host name in them. Each of these would keep it from that, and leave Landlock (where the kernel has
# it) or no sandbox at all:
#   RestrictNamespaces= ProtectHostname= ProtectKernelTunables= ProtectKernelLogs= ProcSubset=pid
# and MemoryDenyWriteExecute= would end every MCP server that is written in JavaScript.
SystemCallFilter=@system-service @mount sethostname
SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self
SystemCallFilter=~@resources
SystemCallErrorNumber=EPERM"""
