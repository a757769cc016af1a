"""Sessions that are put away, taken out and thrown out, as real processes."""

import pytest

from tests.acceptance.test_cli import TERMINAL, argent, running, talked

__all__ = ["argent", "running", "talked"]

pytestmark = pytest.mark.acceptance


def test_an_archived_session_is_read_where_it_is_and_goes_on_with_the_next_message(talked):
    (plain,) = talked.state.rglob("history.json")
    packed = plain.with_name("history.json.gz")
    talked.ok("sessions", "archive", TERMINAL)
    assert (plain.exists(), packed.exists()) == (False, True)
    assert "Archived Sessions:" in talked.ok("sessions", "list")
    info = talked.data("sessions", "info", TERMINAL)
    assert (info["state"], info["log"][-1]["reason"]) == ("archived", "the operator asked")
    for command in ("show", "export"):
        assert "Hello there" in talked.ok("sessions", command, TERMINAL)
    assert "1 session read, 0 findings." in talked.ok("sessions", "check")
    assert packed.exists()
    talked.ok("ask", "Go on")
    assert (plain.exists(), packed.exists()) == (True, False)
    assert len(talked.data("sessions", "show", TERMINAL)["entries"]) == 4
    talked.ok("sessions", "archive", TERMINAL)
    assert f"Restored {TERMINAL}" in talked.ok("sessions", "unarchive", TERMINAL)
    assert plain.exists()


def test_cleaning_asks_first_and_deletes_what_is_old_enough(talked):
    assert "0 sessions would be deleted" in talked.ok(
        "sessions", "clean", "--older-than", "1h", "--dry-run"
    )
    assert "1 session would be deleted" in talked.ok(
        "sessions", "clean", "--older-than", "0d", "--dry-run"
    )
    assert talked.refused(2, "sessions", "clean", "--older-than", "0d")["hint"] == (
        "to go on, say --yes"
    )
    assert talked.refused(2, "sessions", "clean", "--older-than", "soon")["code"] == "usage"
    cleaned = talked.data("sessions", "clean", "--older-than", "0d", "--yes")
    assert [each["key"] for each in cleaned["deleted"]] == [TERMINAL]
    assert talked.data("sessions", "list")["sessions"] == []
    (kept,) = talked.state.glob("deleted/*/history.json")
    assert "Hello there" in kept.read_text()


def test_a_running_gateway_archives_and_cleans_between_two_turns(running):
    running.ok("ask", "Hello there")
    running.ok("sessions", "archive", TERMINAL)
    assert [path.name for path in running.state.rglob("history.json*")] == ["history.json.gz"]
    running.ok("ask", "Go on")
    assert len(running.data("sessions", "show", TERMINAL)["entries"]) == 4
    running.ok("sessions", "clean", "--older-than", "0d", "--state", "active", "--erase", "--yes")
    assert running.data("sessions", "list")["sessions"] == []
    assert not (running.state / "deleted").exists()


@pytest.mark.parametrize("length", ["soon", "0d", "30"])
def test_a_quiet_that_is_no_length_of_time_is_a_bad_setting(argent, length):
    settings = ("--set", f"agents.defaults.session.retention={length}")
    assert "retention" in argent.refused(2, *settings, "config", "validate")["message"]


def test_quiet_is_set_in_days_and_shown_so(argent):
    shown = argent.ok("config", "show", "--set", "agents.defaults.session.retention=2w")
    assert 'agents.defaults.session.retention = "14d"' in shown
    assert 'agents.defaults.session.archive_after = "30d"' in shown
    off = argent.ok("config", "show", "--set", "agents.defaults.session.archive_after=off")
    assert 'agents.defaults.session.archive_after = "off"' in off


def test_a_running_gateway_summarises_a_session_and_takes_the_summary_back(running):
    for number in range(8):
        running.ok("ask", f"Question {number}. " + "And so on, and so on. " * 20)
    assert "Summarised messages 1-6" in running.ok("sessions", "compact", TERMINAL)
    info = running.data("sessions", "info", TERMINAL)
    assert (info["state"], info["log"][-1]["reason"]) == ("compacted", "somebody asked")
    assert "nothing to summarise" in running.ok("sessions", "compact", TERMINAL, "--keep", "names")
    assert running.data("sessions", "undo", TERMINAL)["undone"]
    assert "no summary to take back" in running.ok("sessions", "undo", TERMINAL)


def test_without_a_gateway_nothing_is_summarised(talked):
    assert talked.refused(3, "sessions", "compact", TERMINAL)["code"] == "gateway_down"
    assert not talked.data("sessions", "undo", TERMINAL)["undone"]
