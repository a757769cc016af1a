"""Commands under keepers, in the best sandbox of this machine."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.sandbox.errors import CommandRefused, SandboxBroken
from agents.sandbox.kept import KeptSandbox
from agents.sandbox.landlock import Bare, Landlock
from agents.sandbox.limits import Killed, Limits
from agents.workspace.folder import prepare
from tests.attacks.backends import GROUPS, MARK, PRESENT, sandbox
from tests.attacks.world import World, world


@pytest.fixture
def surroundings() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture
def box() -> KeptSandbox:
    return sandbox(PRESENT[0])


async def test_a_command_answers_on_both_streams_with_its_status(
    box: KeptSandbox, surroundings: World
) -> None:
    outcome = await box.run(
        "echo out; echo err >&2; exit 7", workspace=surroundings.workspace, limits=Limits()
    )
    assert (outcome.stdout.text, outcome.stderr.text) == ("out\n", "err\n")
    assert (outcome.code, outcome.killed_by) == (7, None)


async def test_a_command_that_a_signal_ends_tells_which(
    box: KeptSandbox, surroundings: World
) -> None:
    outcome = await box.run("kill -11 $$", workspace=surroundings.workspace, limits=Limits())
    assert (outcome.code, outcome.killed_by) == (128 + 11, None)


async def test_what_a_command_makes_stays_for_the_next_one_and_for_us(
    box: KeptSandbox, surroundings: World
) -> None:
    run, workspace = box.run, surroundings.workspace
    await run("mkdir -p a && echo hello > a/b", workspace=workspace, limits=Limits())
    outcome = await run("cat a/b; cat note", workspace=workspace, limits=Limits())
    assert outcome.stdout.text == "hello\nmine"
    assert (workspace / "a" / "b").read_text() == "hello\n"
    assert (workspace / "a" / "b").stat().st_uid == workspace.stat().st_uid


async def test_a_command_has_no_input(box: KeptSandbox, surroundings: World) -> None:
    outcome = await box.run("cat; tty", workspace=surroundings.workspace, limits=Limits())
    assert outcome.stdout.text == "not a tty\n"


async def test_what_a_command_says_is_heard_while_it_runs(
    box: KeptSandbox, surroundings: World
) -> None:
    heard = bytearray()
    first = asyncio.Event()

    def listen(data: bytes) -> None:
        heard.extend(data)
        first.set()

    task = asyncio.create_task(
        box.run(
            "echo begun; while [ ! -e go ]; do :; done; head -c 5000 /dev/zero",
            workspace=surroundings.workspace,
            limits=Limits(output=2_000),
            heard=listen,
        )
    )
    async with asyncio.timeout(10):
        await first.wait()
        (surroundings.workspace / "go").touch()
        (surroundings.workspace / "go").chmod(0o644)
        outcome = await task
    assert heard == outcome.stdout.head == b"begun\n" + bytes(994)


async def test_a_command_that_no_shell_takes_is_refused_at_once(
    box: KeptSandbox, surroundings: World
) -> None:
    for command in ("a\0b", "x" * 200_000):
        with pytest.raises(CommandRefused):
            await box.run(command, workspace=surroundings.workspace, limits=Limits())


async def test_a_workspace_that_is_not_there_is_told(box: KeptSandbox, tmp_path: Path) -> None:
    with pytest.raises(SandboxBroken, match="no workspace"):
        await box.run("true", workspace=tmp_path / "none", limits=Limits())


@pytest.mark.parametrize("name", PRESENT)
async def test_no_command_is_ever_root(name: str, surroundings: World) -> None:
    """A folder that is root's would make its commands root's: it is refused."""
    workspace = surroundings.folder / "closed" / "mine"
    workspace.mkdir()
    run = sandbox(name).run("id -u", workspace=workspace, limits=Limits())
    if os.geteuid() == 0:
        with pytest.raises(SandboxBroken, match="root's"):
            await run
        prepare(workspace, "mine")
        run = sandbox(name).run("id -u", workspace=workspace, limits=Limits())
    assert (await run).stdout.text != "0\n"


async def test_a_group_that_cannot_be_made_stops_the_command_from_running(
    surroundings: World, tmp_path: Path
) -> None:
    """Fail closed: without its limits it does not run."""
    assert GROUPS is None or GROUPS.folders
    from agents.sandbox.groups import ControlGroups

    nowhere = ControlGroups((tmp_path / "none",), frozenset({"memory", "pids"}), unified=True)
    box = KeptSandbox(Landlock(nowhere), mark=MARK)
    with pytest.raises(SandboxBroken, match="not carried out"):
        await box.run("touch ran", workspace=surroundings.workspace, limits=Limits())
    assert not (surroundings.workspace / "ran").exists()


async def test_the_owner_s_own_commands_have_the_same_limits_of_time(surroundings: World) -> None:
    box = KeptSandbox(Bare(None), mark=MARK)
    outcome = await box.run("sleep 100", workspace=surroundings.workspace, limits=Limits(wall=0.2))
    assert outcome.killed_by is Killed.TIME
    assert outcome.code is None


async def test_many_commands_run_at_once(box: KeptSandbox, surroundings: World) -> None:
    outcomes = await asyncio.gather(
        *(
            box.run(f"echo {number}", workspace=surroundings.workspace, limits=Limits())
            for number in range(12)
        )
    )
    assert [outcome.stdout.text for outcome in outcomes] == [f"{n}\n" for n in range(12)]


async def test_a_workspace_that_holds_too_much_can_be_tidied_up(
    box: KeptSandbox, surroundings: World
) -> None:
    small = Limits(disk=1 << 20)
    (surroundings.workspace / "big").write_bytes(os.urandom(4 << 20))
    owner = surroundings.workspace.stat().st_uid
    os.chown(surroundings.workspace / "big", owner, owner)
    outcome = await box.run("ls; rm big", workspace=surroundings.workspace, limits=small)
    assert (outcome.code, outcome.killed_by) == (0, None)
    full = "head -c 3000000 /dev/urandom > big2; echo done"
    outcome = await box.run(full, workspace=surroundings.workspace, limits=small)
    assert outcome.killed_by is Killed.DISK or "done" in outcome.stdout.text
    assert sum(each.stat().st_size for each in surroundings.workspace.iterdir()) < 2 << 20
