"""Where groups are made, in trees of folders that look like the kernel's."""

import os
from pathlib import Path

import pytest

from agents.sandbox.groups import ControlGroups, find
from agents.sandbox.limits import Limits

LIMITS = Limits(memory=512 << 20, cpu=1.5, pids=64)
UNIFIED = "30 23 0:26 / {place} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
DIVIDED = "3{n} 23 0:2{n} / {place}/{name} rw,nosuid - cgroup cgroup rw,{name}\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    folder = tmp_path / "proc"
    folder.mkdir()
    return folder


def unified(tmp_path: Path, proc: Path, own: str, *, members: str = "") -> Path:
    """A tree of the second version; the process is in `own`."""
    root = tmp_path / "cgroup"
    group = root / own.lstrip("/")
    group.mkdir(parents=True)
    (proc / "mountinfo").write_text(UNIFIED.format(place=root))
    (proc / "cgroup").write_text(f"0::{own}\n")
    for folder in (group, *(each for each in group.parents if root in (each, *each.parents))):
        (folder / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
        (folder / "cgroup.subtree_control").write_text("")
        (folder / "cgroup.procs").write_text(members if folder == group else "")
    return group


def has(folder: Path, controllers: str) -> None:
    """As the kernel shows it, once they were enabled."""
    ours = folder / "argent"
    ours.mkdir()
    for group in (folder, ours):
        (group / "cgroup.subtree_control").write_text(controllers)


def test_nowhere_is_no_groups(proc: Path) -> None:
    assert find(proc) is None
    (proc / "mountinfo").write_text("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    (proc / "cgroup").write_text("0::/\n")
    assert find(proc) is None


def test_a_folder_that_was_delegated_is_used(tmp_path: Path, proc: Path) -> None:
    group = unified(tmp_path, proc, "/system.slice/argent.service")
    has(group, "memory pids cpu")
    controllers = frozenset({"memory", "pids", "cpu"})
    assert find(proc) == ControlGroups((group / "argent",), controllers, unified=True)


def test_a_folder_that_cannot_limit_memory_is_not_used(tmp_path: Path, proc: Path) -> None:
    has(unified(tmp_path, proc, "/argent.service"), "pids cpu")
    assert find(proc) is None


def test_the_folder_above_is_tried_where_the_own_one_cannot_be_used(
    tmp_path: Path, proc: Path
) -> None:
    group = unified(tmp_path, proc, "/argent.service/gateway")
    (group / "cgroup.controllers").write_text("")
    has(group.parent, "memory pids cpu")
    controllers = frozenset({"memory", "pids", "cpu"})
    assert find(proc) == ControlGroups((group.parent / "argent",), controllers, unified=True)


def test_a_process_alone_in_its_group_steps_aside(tmp_path: Path, proc: Path) -> None:
    group = unified(tmp_path, proc, "/argent.service", members=f"{os.getpid()}\n")
    find(proc)
    assert (group / "gateway" / "cgroup.procs").read_text() == str(os.getpid())


def test_a_group_with_others_in_it_is_left_as_it_is(tmp_path: Path, proc: Path) -> None:
    group = unified(tmp_path, proc, "/session.scope", members="1\n2\n")
    find(proc)
    assert not (group / "gateway").exists()


def test_the_first_version_needs_memory_and_processes(tmp_path: Path, proc: Path) -> None:
    root = tmp_path / "cgroup"
    (proc / "cgroup").write_text("")
    lines = [DIVIDED.format(n=n, place=root, name=name) for n, name in enumerate(("memory", "cpu"))]
    for name in ("memory", "cpu", "pids"):
        (root / name).mkdir(parents=True)
    (proc / "mountinfo").write_text("".join(lines))
    assert find(proc) is None
    (proc / "mountinfo").write_text("".join(lines) + DIVIDED.format(n=7, place=root, name="pids"))
    assert find(proc) == ControlGroups(
        (root / "memory/argent", root / "pids/argent", root / "cpu/argent"),
        frozenset({"memory", "pids", "cpu"}),
        unified=False,
    )
    assert not list((root / "memory/argent").iterdir())


def test_the_limits_of_the_second_version() -> None:
    groups = ControlGroups(
        (Path("/cg/argent"),), frozenset({"memory", "pids", "cpu"}), unified=True
    )
    assert groups.of("run", LIMITS) == {
        "folders": ["/cg/argent/run"],
        "values": [
            ("/cg/argent/run/memory.max", str(512 << 20)),
            ("/cg/argent/run/pids.max", "70"),
        ],
        "wanted": [
            ("/cg/argent/run/memory.swap.max", "0"),
            ("/cg/argent/run/memory.oom.group", "1"),
            ("/cg/argent/run/cpu.max", "150000 100000"),
        ],
        "oom": "/cg/argent/run/memory.events",
    }


def test_the_limits_of_the_first_version() -> None:
    folders = (Path("/m/argent"), Path("/p/argent"), Path("/c/argent"))
    groups = ControlGroups(folders, frozenset({"memory", "pids", "cpu"}), unified=False)
    assert groups.of("run", LIMITS) == {
        "folders": ["/m/argent/run", "/p/argent/run", "/c/argent/run"],
        "values": [
            ("/m/argent/run/memory.limit_in_bytes", str(512 << 20)),
            ("/p/argent/run/pids.max", "70"),
            ("/c/argent/run/cpu.cfs_quota_us", "150000"),
        ],
        "wanted": [("/m/argent/run/memory.memsw.limit_in_bytes", str(512 << 20))],
        "oom": "/m/argent/run/memory.oom_control",
    }


def test_controllers_that_are_mounted_together_get_one_group() -> None:
    both = Path("/both/argent")
    groups = ControlGroups((both, both), frozenset({"memory", "pids"}), unified=False)
    assert groups.of("run", LIMITS)["folders"] == ["/both/argent/run"]


def test_what_another_gateway_made_is_not_swept(tmp_path: Path) -> None:
    for name in ("argent-mine-1", "argent-mine-2", "argent-other-1"):
        (tmp_path / name).mkdir()
    groups = ControlGroups((tmp_path,), frozenset({"memory", "pids"}), unified=True)
    assert groups.sweep("argent-mine-") == 2
    assert [each.name for each in tmp_path.iterdir()] == ["argent-other-1"]
