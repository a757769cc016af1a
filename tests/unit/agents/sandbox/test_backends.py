"""What backends plan. That it holds is seen in tests/attacks."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from agents.sandbox.bubblewrap import Bubblewrap
from agents.sandbox.containers import Container
from agents.sandbox.errors import CommandRefused
from agents.sandbox.groups import ControlGroups
from agents.sandbox.landlock import Bare, Landlock
from agents.sandbox.limits import Hold, Limits
from agents.sandbox.order import LONGEST, Backend, Order

ORDER = Order("echo 'hi there'", "/state/workspace", Limits(), "argent-x-1", 4711)
GROUPS = ControlGroups((Path("/cg/argent"),), frozenset({"memory", "pids", "cpu"}), unified=True)
BUBBLEWRAP = Bubblewrap("/usr/bin/bwrap", None)
CONTAINER = Container("docker", "/usr/bin/docker", "debian:stable", 1000)
EVERY: list[Backend] = [BUBBLEWRAP, Landlock(None), Bare(None), CONTAINER]


@pytest.mark.parametrize("backend", EVERY, ids=lambda each: each.name)
def test_a_command_is_one_argument_of_a_shell(backend: Backend) -> None:
    assert backend.plan(ORDER)["argv"][-3:] == ["/bin/sh", "-c", ORDER.command]


@pytest.mark.parametrize("backend", EVERY, ids=lambda each: each.name)
@pytest.mark.parametrize("command", ["a\0b", "x" * (LONGEST + 1), "\ud800"])
def test_a_command_that_no_shell_takes_is_refused(backend: Backend, command: str) -> None:
    with pytest.raises(CommandRefused):
        backend.plan(replace(ORDER, command=command))


@pytest.mark.parametrize("backend", EVERY, ids=lambda each: each.name)
def test_nothing_of_our_environment_is_in_a_plan(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGENT_TELEGRAM_TOKEN", "canary-7f3a9c")
    assert "canary-7f3a9c" not in repr(backend.plan(ORDER))


def test_bubblewrap_is_asked_for_everything_of_its_own() -> None:
    argv = BUBBLEWRAP.plan(ORDER)["argv"]
    options = argv[: argv.index("--")]
    for each in ("user", "ipc", "pid", "uts", "cgroup", "net"):
        assert f"--unshare-{each}" in options
    for each in ("--disable-userns", "--die-with-parent", "--new-session", "--clearenv"):
        assert each in options
    assert options[options.index("--cap-drop") + 1] == "ALL"


def test_bubblewrap_shows_the_system_and_the_workspace_and_nothing_else() -> None:
    argv = BUBBLEWRAP.plan(ORDER)["argv"]
    bound = {argv[at + 1] for at, each in enumerate(argv) if each in ("--ro-bind", "--ro-bind-try")}
    assert all(
        each == "/usr" or each.startswith(("/bin", "/sbin", "/lib", "/etc/")) for each in bound
    )
    written = [argv[at + 1 : at + 3] for at, each in enumerate(argv) if each == "--bind"]
    assert written == [["/state/workspace", "/workspace"]]
    assert argv.index("--remount-ro", argv.index("/workspace")) < argv.index("--")


def test_a_workspace_of_another_user_is_shown_where_that_user_can_come() -> None:
    plan = BUBBLEWRAP.plan(replace(ORDER, uid=66_001, place="/mnt"))
    assert (plan["uid"], plan["mount"], plan["workspace"]) == (66_001, "/mnt", "/state/workspace")
    assert "/state/workspace" not in plan["argv"]


def test_the_network_is_shared_only_when_it_is_asked_for() -> None:
    without, with_ = BUBBLEWRAP.plan(ORDER), BUBBLEWRAP.plan(replace(ORDER, network=True))
    assert "--unshare-net" not in with_["argv"]
    assert "/etc/resolv.conf" in with_["argv"]
    assert "/etc/resolv.conf" not in without["argv"]
    assert with_["data"][0] != without["data"][0]
    assert Landlock(None).plan(replace(ORDER, network=True))["landlock"]["network"]
    assert not Landlock(None).plan(ORDER)["landlock"]["network"]


def test_without_control_groups_the_keeper_looks_after_memory() -> None:
    soft, hard = Landlock(None).plan(ORDER), Landlock(GROUPS).plan(ORDER)
    assert (Landlock(None).hold, Landlock(GROUPS).hold) == (Hold.SOFT, Hold.HARD)
    assert soft["watch"]["memory"] == soft["limits"]["AS"] == ORDER.limits.memory
    assert (soft["cpus"], soft["tasks"]) == (1, ORDER.limits.pids)
    assert hard["watch"]["memory"] == 0
    assert hard["groups"]["folders"] == ["/cg/argent/argent-x-1"]
    assert not {"cpus", "tasks"} & hard.keys()


def test_a_container_can_do_next_to_nothing_and_is_removed() -> None:
    plan = CONTAINER.plan(ORDER)
    options = plan["argv"][2 : plan["argv"].index("debian:stable")]
    pairs = set(itertools.pairwise(options))
    assert {
        ("--network", "none"), ("--memory", str(512 << 20)), ("--cpus", "1"), ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"), ("--user", "1000:1000"), ("--pull", "never"),
        ("--pids-limit", "66"), ("--name", "argent-x-1"),
        ("--mount", 'type=bind,"source=/state/workspace",target=/workspace'),
    } <= pairs  # fmt: skip
    assert {"--read-only", "--rm", "--init"} <= set(options)
    assert options.count("--mount") == 1
    assert not {"--privileged", "--volume", "-v", "--device", "--cap-add", "--pid"} & set(options)
    assert plan["after"] == ["/usr/bin/docker", "rm", "--force", "argent-x-1"]


def test_what_is_not_installed_is_told_with_its_remedy() -> None:
    refusal = Bubblewrap(None, None).missing()
    assert refusal is not None
    assert "not installed" in refusal.why
    assert "apt install bubblewrap" in refusal.fix
    for backend in (
        Container("podman", None, "x", 0),
        Container("podman", "/usr/bin/podman", "", 0),
    ):
        assert backend.missing()


def test_a_bubblewrap_that_is_too_old_or_no_bubblewrap_is_refused(tmp_path: Path) -> None:
    for answer in ("bubblewrap 0.6.1", "what?"):
        program = tmp_path / "bwrap"
        program.write_text(f"#!/bin/sh\necho '{answer}'\n")
        program.chmod(0o755)
        refusal = Bubblewrap(str(program), None).missing()
        assert refusal is not None
        assert "too old" in refusal.why


def test_without_any_way_to_limit_processes_bubblewrap_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bubblewrap 0.8.0'\n")
    program.chmod(0o755)
    refusal = Bubblewrap(str(program), None, prlimit=None).missing()
    assert refusal is not None
    assert "util-linux" in refusal.fix
    assert Bubblewrap(str(program), GROUPS, prlimit=None).missing() is None
