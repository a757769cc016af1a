"""The Dockerfile's own steps, carried out in plain Debian roots, and what comes of them started.

There need be no container engine for it. It installs from the network, which no other test does,
so it is one of the long sweeps.
"""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, git
from tests.image.building import Built, build_image
from tests.image.roots import Clocked, account, contained, first_process

PATIENCE = 60.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, shown: Callable[[Clocked], None]
) -> Iterator[Built]:
    beside = tmp_path_factory.mktemp("image")
    beside.chmod(0o755)
    clocked = Clocked("An image of the Dockerfile's own steps")
    context = beside / "context"
    git("clone", "-q", str(ROOT), str(context))
    made = build_image(context, beside, clocked)
    shown(clocked)
    yield made
    shutil.rmtree(beside, ignore_errors=True)


def inside(built: Built, state: Path, *command: str) -> list[str]:
    user = account(built.root, built.image.user)
    os.chown(state, *user)
    (volume,) = built.image.volumes
    return contained(
        built.root,
        [*built.image.entrypoint, *(command or built.image.command)],
        user=user,
        env=built.image.env,
        binds={volume: state},
        workdir=built.image.workdir,
    )


def said(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)


def test_nothing_that_builds_is_in_the_image(built: Built) -> None:
    names = {path.name for path in (built.root / "usr/bin").iterdir()}
    assert not names & {"gcc", "make", "pip", "pip3", "git", "curl"}
    assert not list((built.root / "opt/argent").rglob("pip"))
    assert not (built.root / "build").exists()


def test_nothing_in_the_image_belongs_to_the_one_who_runs_it_but_its_state(built: Built) -> None:
    uid, _ = account(built.root, built.image.user)
    assert uid != 0
    paths = (path for path in built.root.rglob("*") if not path.is_symlink())
    theirs = [path.relative_to(built.root) for path in paths if path.lstat().st_uid == uid]
    assert [str(path) for path in theirs] == ["var/lib/argent"]


def test_everything_is_compiled_because_the_root_is_read_only(built: Built) -> None:
    sources = list((built.root / "opt/argent/lib").rglob("gateway/**/*.py"))
    assert sources
    assert all(list((each.parent / "__pycache__").glob(f"{each.stem}.*.pyc")) for each in sources)


def test_the_image_says_its_version(built: Built, tmp_path: Path) -> None:
    done = said(inside(built, tmp_path, "--version"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("argent ")


async def test_the_image_starts_is_healthy_answers_and_stops(built: Built, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    gateway = await asyncio.create_subprocess_exec(
        *inside(built, state), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert gateway.stdout is not None
        line = await asyncio.wait_for(gateway.stdout.readline(), PATIENCE)
        assert b"is running on /var/lib/argent" in line
        healthy = await asyncio.to_thread(said, inside(built, state, *built.image.healthcheck[1:]))
        assert healthy.returncode == 0, healthy.stdout + healthy.stderr
        asked = await asyncio.to_thread(said, inside(built, state, "ask", "is anybody there?"))
        assert "is anybody there?" in asked.stdout, asked.stderr
    finally:
        os.kill(first_process(gateway.pid), signal.SIGTERM)
        _, log = await asyncio.wait_for(gateway.communicate(), PATIENCE)
    assert gateway.returncode == 0, log.decode()
    mode = (state / "gateway.db").stat().st_mode & 0o777
    assert mode == 0o600
