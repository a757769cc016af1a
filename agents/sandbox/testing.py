"""A backend counts only if it holds what it promises here and now; that a program is installed says
nothing. https://github.com/openai/codex/issues/17337 is one that is installed and cannot work.
"""

import asyncio
import inspect
import json
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agents.sandbox import canary
from agents.sandbox.bubblewrap import FIX as BUBBLEWRAP_FIX
from agents.sandbox.containers import Container
from agents.sandbox.errors import Refusal, SandboxError
from agents.sandbox.kept import KeptSandbox
from agents.sandbox.landlock import FIX as LANDLOCK_FIX
from agents.sandbox.limits import Limits, Outcome
from agents.sandbox.order import Backend
from agents.workspace.folder import prepare

_LIMITS = Limits(wall=20.0)
_FIXES = {"bubblewrap": BUBBLEWRAP_FIX, "landlock": LANDLOCK_FIX}
_PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")

_IN_A_CONTAINER = """
[ -r {file} ] && echo 'reads a file outside'
(echo x > {folder}/new) 2>/dev/null && echo 'writes a file outside'
(echo x > /new) 2>/dev/null && echo 'writes its own system'
[ "$(id -u)" = 0 ] && echo 'is root'
grep -q '^CapEff:.*[1-9a-f]' /proc/self/status && echo 'has capabilities'
for net in /sys/class/net/*; do
    case "$net" in */lo | */'*') ;; *) echo 'has a network' ;; esac
done
echo done
"""


def canaries(mark: str) -> str:
    """How the names of folders begin that are made for tests; one that is killed leaves its own."""
    return f"{mark}canary-"


async def tried(backend: Backend, *, mark: str) -> Refusal | None:
    """Why a backend cannot be used here, None if it can. Takes a tenth of a second or two."""
    refusal = await asyncio.to_thread(backend.missing)
    if refusal is not None:
        return refusal
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=canaries(mark)))
    try:
        wrong = await _what_works(backend, mark, folder)
    except (SandboxError, OSError) as error:
        wrong = str(error)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    if not wrong:
        return None
    return Refusal(backend.name, f"self test failed: {wrong}", _FIXES.get(backend.name, ""))


async def _what_works(backend: Backend, mark: str, folder: Path) -> str:
    """What a command could do that it must not, in words; empty if nothing."""
    workspace = await asyncio.to_thread(_prepared, folder)
    if isinstance(backend, Container):
        return await _in_a_container(KeptSandbox(backend, mark=mark), folder, workspace)
    python, readable = a_python()
    with _surroundings(folder) as (given, outsider):
        words = (python, "-I", "-S", "-c", inspect.getsource(canary), json.dumps(given))
        outcome = await KeptSandbox(backend, mark=mark, readable=readable).run(
            "exec " + shlex.join(words), workspace=workspace, limits=_LIMITS
        )
        alive = outsider.poll() is None
    try:
        found = json.loads(outcome.stdout.text)
    except ValueError:
        return _unexpected(outcome)
    return ", ".join([*found, *(() if alive else ("signals another process",))])


def _prepared(folder: Path) -> Path:
    """A workspace as a session's is: below folders that nobody but us may enter."""
    workspace = folder / "closed" / "workspace"
    workspace.parent.mkdir(mode=0o700)
    prepare(workspace, "canary")
    folder.chmod(0o755)
    return workspace


async def _in_a_container(sandbox: KeptSandbox, folder: Path, workspace: Path) -> str:
    (folder / "secret").write_text("secret")
    places = {"file": shlex.quote(str(folder / "secret")), "folder": shlex.quote(str(folder))}
    outcome = await sandbox.run(
        _IN_A_CONTAINER.format(**places), workspace=workspace, limits=_LIMITS
    )
    *found, last = outcome.stdout.text.splitlines() or [""]
    return ", ".join(found) if last == "done" else _unexpected(outcome)


def _unexpected(outcome: Outcome) -> str:
    said = " ".join((outcome.stderr.text or outcome.stdout.text).split())[-300:]
    return f"{said or 'it says nothing'} (exit status {outcome.code})"


def a_python() -> tuple[str, tuple[str, ...]]:
    """A Python to run the canary with, and what a command must be able to read for it."""
    for each in _PYTHONS:
        if Path(each).exists():
            return each, ()
    return sys.executable, (sys.base_prefix, sys.prefix)


@contextmanager
def _surroundings(folder: Path) -> Iterator[tuple[dict[str, str], "subprocess.Popen[bytes]"]]:
    """Things that a command must not reach, and can tell us whether it did."""
    token = secrets.token_hex(8)
    (folder / "secret").write_text(token)
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    name = f"argent-canary-{secrets.token_hex(6)}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"\0{name}")
        unix.listen()
        outsider = subprocess.Popen(
            ["/bin/sh", "-c", "read line"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={"CANARY": token},
        )
        given = {
            "file": str(folder / "secret"),
            "folder": str(folder / "open"),
            "port": str(server.getsockname()[1]),
            "abstract": name,
            "pid": str(outsider.pid),
            "token": token,
        }
        try:
            yield given, outsider
        finally:
            outsider.kill()
            outsider.communicate()
