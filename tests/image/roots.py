"""Root folders of a plain Debian, and what runs in them: a container without an engine.

A stage's steps run as they would in a container that is being built: as root, in that root folder,
with nothing of this machine but its network. What comes of them runs as a container does: as its
own user, with a read-only root, no capability and no other process in sight.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 600.0
_TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

TOOLS = ("debootstrap", "bwrap")
POSSIBLE = os.geteuid() == 0 and all(map(shutil.which, TOOLS))
"""Whether root folders can be made here."""


@dataclass
class Clocked:
    """The seconds of each step, which are printed."""

    title: str
    rows: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Time what is done within."""
        began = time.monotonic()
        yield
        self.rows.append((what, time.monotonic() - began))

    def table(self) -> str:
        """A line for each step, and their sum."""
        lines = [f"\n{self.title}", *(f"  {seconds:7.1f} s  {what}" for what, seconds in self.rows)]
        lines.append(f"  {sum(seconds for _, seconds in self.rows):7.1f} s  in all")
        return "\n".join(lines)


def debian(release: str, root: Path) -> None:
    """A minimal Debian, as the slim images are made of one."""
    root.mkdir()
    _run("debootstrap", "--variant=minbase", release, str(root), *_mirror())


def copied(root: Path, to: Path) -> None:
    """Another root folder with the same content."""
    _run("cp", "-a", str(root), str(to))


def build(root: Path, command: str, env: Mapping[str, str], workdir: str = "/") -> None:
    """Carry out a RUN. Raises AssertionError with what it said."""
    _run(*as_root(root, env, workdir), "/bin/sh", "-c", command)


def as_root(root: Path, env: Mapping[str, str], workdir: str) -> list[str]:
    """What precedes a command that runs in there as root, with the network, and with the
    certificates and the index that this machine trusts: a company's builder passes on the same."""
    shared = ["--ro-bind", "/etc/resolv.conf", "/etc/resolv.conf"]
    passed = {"PATH": _PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive", **env}
    if _TRUSTED.exists():
        shared += ["--ro-bind", str(_TRUSTED), "/run/trusted.crt"]
        passed |= {"PIP_CERT": "/run/trusted.crt", "SSL_CERT_FILE": "/run/trusted.crt"}
    passed |= {name: os.environ[name] for name in ("PIP_INDEX_URL",) if name in os.environ}
    return [
        "bwrap", "--bind", str(root), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run",
        "--tmpfs", "/dev/shm", *shared, "--unshare-pid", "--as-pid-1", "--die-with-parent",
        "--clearenv", *_settings(passed), "--chdir", workdir, "--",
    ]  # fmt: skip


def contained(
    root: Path,
    command: Sequence[str],
    *,
    user: tuple[int, int],
    env: Mapping[str, str],
    binds: Mapping[str, Path],
    workdir: str = "/",
) -> list[str]:
    """The command line that runs `command` as an engine would, with a read-only root.

    `binds` are the volumes: where they are inside, and outside.
    """
    drop = ["setpriv", f"--reuid={user[0]}", f"--regid={user[1]}", "--clear-groups"]
    volumes = [word for where, path in binds.items() for word in ("--bind", str(path), where)]
    return [
        "bwrap", "--ro-bind", str(root), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        *volumes, "--unshare-pid", "--as-pid-1", "--unshare-ipc", "--unshare-uts",
        "--die-with-parent", "--new-session", "--clearenv", *_settings({"PATH": _PATH, **env}),
        "--chdir", workdir, "--",
        *drop, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--", *command,
    ]  # fmt: skip


def first_process(contained_by: int) -> int:
    """Process 1 of a container, as this machine numbers it: an engine's `stop` goes to that one."""
    children = Path(f"/proc/{contained_by}/task/{contained_by}/children").read_text().split()
    return int(children[0])


def account(root: Path, name: str) -> tuple[int, int]:
    """The ids of a user of that root folder."""
    for line in (root / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == name:
            return int(fields[2]), int(fields[3])
    raise AssertionError(f"there is no user {name} in {root}")


def _settings(env: Mapping[str, str]) -> list[str]:
    return [word for name, value in env.items() for word in ("--setenv", name, value)]


def _mirror() -> list[str]:
    """Where this machine has its packages from; debootstrap knows the usual place."""
    if shutil.which("apt-get") is None:
        return []
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True
    )
    found = [uri for uri in told.stdout.split() if uri.rstrip("/").endswith("/debian")]
    return found[:1]


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert done.returncode == 0, f"{' '.join(command[-3:])}: {done.returncode}\n{said}"
    return done.stdout
