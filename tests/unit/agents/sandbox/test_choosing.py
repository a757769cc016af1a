"""Which sandbox is chosen, where some, or all of them, do not hold."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.sandbox import choosing
from agents.sandbox.bubblewrap import Bubblewrap
from agents.sandbox.choosing import Found, first_of, mark_of, ways
from agents.sandbox.config import SandboxSettings
from agents.sandbox.containers import Container
from agents.sandbox.errors import SandboxUnavailable
from agents.sandbox.landlock import Bare, Landlock
from agents.sandbox.limits import Hold
from agents.sandbox.order import Backend
from tests.attacks.backends import EVERY, GROUPS, PRESENT

MARK = "argent-test-choosing-"
Script = Callable[[str], str]
ABSENT = Bubblewrap(None, None)
"""A backend that is not installed."""


async def chosen(*backends: Backend, least: Hold = Hold.SOFT) -> Found:
    return await first_of(backends, least=least, mark=MARK, bare=Bare(None))


@pytest.fixture
def script() -> Iterator[Callable[[str], str]]:
    """Makes a program of a text, where everybody can run it."""
    with tempfile.TemporaryDirectory(prefix="argent-test-") as folder:
        Path(folder).chmod(0o755)

        def made(text: str) -> str:
            program = Path(folder, "program")
            program.write_text(f"#!/bin/sh\n{text}\n")
            program.chmod(0o755)
            return str(program)

        yield made


async def test_the_first_that_holds_is_chosen() -> None:
    best = EVERY[PRESENT[0]]
    found = await chosen(ABSENT, best)
    assert found.required().name == best.name
    assert [each.backend for each in found.refusals] == ["bubblewrap"]
    assert found.told == f"{best.name}, limits={best.hold}"


async def test_no_sandbox_at_all_is_refused_when_it_is_tried() -> None:
    """It runs everything and holds nothing: so the test looks at what happens, not at names."""
    found = await chosen(Bare(GROUPS))
    assert found.sandbox is None
    (refusal,) = found.refusals
    for wrong in (
        "reads a file outside", "connects to this machine", "connects to an abstract socket",
        "makes a user namespace" if GROUPS else "",
    ):  # fmt: skip
        assert wrong in refusal.why
    with pytest.raises(SandboxUnavailable, match="self test failed"):
        found.required()


async def test_a_program_that_cannot_work_here_is_refused_with_what_it_says(script: Script) -> None:
    program = script(
        '[ "$1" = --version ] && echo "bubblewrap 0.8.0" && exit; '
        'echo "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted" >&2; exit 1',
    )
    found = await chosen(Bubblewrap(program, None))
    assert found.sandbox is None
    (refusal,) = found.refusals
    assert "RTM_NEWADDR" in refusal.why
    assert "user namespaces" in refusal.fix


async def test_a_container_that_has_no_daemon_is_refused(script: Script) -> None:
    program = script('echo "Cannot connect to the daemon" >&2; exit 125')
    (refusal,) = (await chosen(Container("docker", program, "debian", 1000))).refusals
    assert "Cannot connect to the daemon" in refusal.why


async def test_a_container_that_is_root_or_has_a_network_is_refused(script: Script) -> None:
    program = script('[ "$1" = rm ] && exit; while [ "$1" != /bin/sh ]; do shift; done; exec "$@"')
    (refusal,) = (await chosen(Container("podman", program, "debian", 1000))).refusals
    assert "reads a file outside" in refusal.why


async def test_soft_limits_are_refused_where_hard_ones_are_wanted() -> None:
    found = await chosen(Landlock(None), least=Hold.HARD)
    assert found.sandbox is None
    assert "soft" in found.refusals[0].why
    assert "Delegate" in found.refusals[0].fix


async def test_all_refusals_are_told_with_their_remedies() -> None:
    found = await chosen(ABSENT, Container("docker", None, "debian", 1000))
    assert found.told.splitlines() == [
        "no sandbox can be used here",
        "bubblewrap: bwrap is not installed",
        f"  fix: {choosing_fix()}",
        "docker: it is not installed",
        "  fix: install docker",
    ]


def choosing_fix() -> str:
    refusal = ABSENT.missing()
    assert refusal is not None
    return refusal.fix


async def test_a_sandbox_that_is_switched_off_is_not_tried() -> None:
    found = await choosing.find(SandboxSettings.model_validate({"backend": "off"}), mark=MARK)
    assert found.sandbox is None
    assert "sandbox.backend" in found.told


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["bubblewrap", "landlock"]),
        ({"image": "debian"}, ["bubblewrap", "docker", "podman", "landlock"]),
        ({"backend": "docker", "image": "debian"}, ["docker"]),
        ({"backend": "podman"}, ["podman"]),
        ({"backend": "landlock"}, ["landlock"]),
        ({"backend": "bubblewrap"}, ["bubblewrap"]),
        ({"backend": "off"}, []),
    ],
)
def test_a_named_backend_is_never_replaced_by_another(
    given: dict[str, str], names: list[str]
) -> None:
    assert [each.name for each in ways(SandboxSettings.model_validate(given), None)] == names


def test_what_a_test_left_that_was_killed_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in (f"{MARK}canary-1", "argent-other-canary-1"):
        (tmp_path / name / "closed" / "workspace").mkdir(parents=True)
    assert choosing.sweep(MARK, None) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["argent-other-canary-1"]


def test_gateways_know_their_own_commands() -> None:
    assert mark_of(Path("/a")) == mark_of(Path("/a")) != mark_of(Path("/b"))
    assert mark_of(Path("/a")).startswith("argent-")
