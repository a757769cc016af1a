"""The text of a unit: what it starts, where, and whether somebody changed it."""

from pathlib import PurePosixPath as Posix

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.unit_file import STATE, Installation, Scope, is_as_written, quoted, unit

SYSTEM = Installation(Scope.SYSTEM, ("/opt/argent/bin/argent",), STATE, user="argent")
ELSEWHERE = Posix("/srv/argent")
OWN = Installation(Scope.USER, ("/usr/bin/argent",), Posix("/home/alice/.argent"))


def test_a_unit_starts_this_installation_on_this_folder() -> None:
    lines = unit(SYSTEM).splitlines()
    assert "ExecStart=/opt/argent/bin/argent gateway run" in lines
    assert "User=argent" in lines
    assert "Environment=ARGENT_STATE_DIR=/var/lib/argent" in lines
    assert "StateDirectory=argent" in lines


def test_a_folder_elsewhere_can_be_written_and_nothing_is_made_for_it() -> None:
    text = unit(Installation(Scope.SYSTEM, SYSTEM.command, Posix("/srv/argent"), user="argent"))
    assert "ReadWritePaths=/srv/argent" in text
    assert "StateDirectory=" not in text
    assert "RemoveIPC=" not in text


@pytest.mark.parametrize(
    ("place", "wall"),
    [("/srv/argent", "yes"), ("/home/alice/.argent", "read-only"), ("/homely", "yes")],
)
def test_homes_are_out_of_sight_unless_something_of_argent_is_there(place: str, wall: str) -> None:
    here = Installation(Scope.SYSTEM, SYSTEM.command, STATE, user="argent", reads=(Posix(place),))
    assert f"ProtectHome={wall}" in unit(here).splitlines()


def test_a_persons_unit_runs_as_that_person_and_begins_with_their_login() -> None:
    lines = unit(OWN).splitlines()
    assert "WantedBy=default.target" in lines
    assert not [line for line in lines if line.startswith(("User=", "Protect", "Private"))]
    assert "Environment=ARGENT_STATE_DIR=/home/alice/.argent" in lines


def test_another_settings_file_is_named() -> None:
    named = Installation(Scope.USER, OWN.command, OWN.state, config=Posix("/etc/argent.toml"))
    assert "Environment=ARGENT_CONFIG=/etc/argent.toml" in unit(named).splitlines()


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("/usr/bin/argent", "/usr/bin/argent"),
        ("/home/a b/argent", '"/home/a b/argent"'),
        ("50%n", "50%%n"),
        ("$HOME", "$$HOME"),
        ('say "so"', '"say \\"so\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("", '""'),
        ("/a\nUser=root", '"/a\\x0aUser=root"'),
        ("/a\u2028b", '"/a\\xe2\\x80\\xa8b"'),
        ("/\udcff", '"/\\xff"'),
    ],
)
def test_a_command_is_read_by_systemd_as_it_is_meant(word: str, written: str) -> None:
    assert quoted([word]) == written


@given(st.text(min_size=1), st.sampled_from(["state", "config", "command"]))
def test_no_name_of_a_file_adds_a_setting(name: str, where: str) -> None:
    """Root writes the unit, with names that may be somebody else's."""
    place = Posix(f"/srv/{name}")
    named = {
        "state": Installation(Scope.SYSTEM, SYSTEM.command, place, user="argent"),
        "config": Installation(Scope.SYSTEM, SYSTEM.command, ELSEWHERE, "argent", place),
        "command": Installation(Scope.SYSTEM, (f"/srv/{name}",), ELSEWHERE, user="argent"),
    }
    text = unit(named[where])
    plain = unit(Installation(Scope.SYSTEM, SYSTEM.command, ELSEWHERE, user="argent"))

    def settings(of: str) -> set[str]:
        return {line.partition("=")[0] for line in of.splitlines() if not line.startswith("#")}

    assert settings(text) <= settings(plain)


@given(st.sampled_from([SYSTEM, OWN]), st.data())
def test_a_unit_that_was_changed_anywhere_is_known_to_be(of: Installation, data) -> None:
    text = unit(of)
    assert is_as_written(text)
    at = data.draw(st.integers(0, len(text) - 2))
    assert not is_as_written(text[:at] + "~" + text[at:])


def test_a_unit_that_somebody_else_wrote_is_theirs() -> None:
    assert not is_as_written("[Service]\nExecStart=/usr/bin/argent gateway run\n")
