"""The list of sessions, where there are more than fit on a screen."""

import pytest

from tests.acceptance.test_cli import argent
from tests.benchmarks.stored import write_hoard

__all__ = ["argent"]

pytestmark = pytest.mark.acceptance


def keys(listed: str) -> list[str]:
    return [line.split()[0] for line in listed.splitlines() if line.startswith("  ")]


def test_the_first_fifty_are_listed_and_it_is_said_how_to_go_on(argent):
    write_hoard(argent.state, 60, 1)
    first = argent.run("sessions", "list")
    more, _, last = first.stderr.strip().removesuffix(" goes on").partition(" --after ")
    assert (len(keys(first.stdout)), more) == (50, "… and 10 more: --all lists them,")
    second = argent.run("sessions", "list", "--after", last)
    assert second.stderr == ""
    assert keys(first.stdout) + keys(second.stdout) == keys(argent.ok("sessions", "list", "--all"))
    (end,) = argent.data("sessions", "list", "--after", last)["sessions"][-1:]
    assert argent.ok("sessions", "list", "--after", end["id"]) == "No more sessions.\n"


def test_scripts_are_told_of_all_sessions_unless_they_want_some(argent):
    write_hoard(argent.state, 60, 1)
    every = argent.data("sessions", "list")
    assert (len(every["sessions"]), every["left"]) == (60, 0)
    some = argent.data("sessions", "list", "--limit", "7", "--state", "idle")
    assert (some["sessions"], some["left"]) == (every["sessions"][:7], 53)
    assert argent.refused(2, "sessions", "list", "--limit", "7", "--all")["code"] == "usage"
