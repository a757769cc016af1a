"""Conversations that leave and come back, as real processes."""

import json
import signal

import pytest

from tests.acceptance.test_cli import PATIENCE, TERMINAL, argent, running, talked

__all__ = ["argent", "running", "talked"]

pytestmark = pytest.mark.acceptance


# Following --------------------------------------------------------------------------------------


def lines_of(process):
    """What a process that follows prints, one object after the other."""
    assert process.stdout is not None
    return (json.loads(line) for line in process.stdout)


def test_a_session_is_followed_while_it_is_talked_in_and_cleared(talked):
    process = talked.begin("sessions", "show", TERMINAL, "-f", "--tail", "1", "--json")
    lines = lines_of(process)
    assert next(lines)["data"]["role"] == "assistant"
    talked.ok("ask", "and now?")
    assert next(lines)["data"]["content"] == "and now?"
    assert next(lines)["data"]["role"] == "assistant"
    talked.ok("sessions", "clear", TERMINAL, "--yes")
    assert next(lines)["kind"] == "anew"
    talked.ok("ask", "Hello again")
    assert next(lines)["data"]["content"] == "Hello again"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (0, "")


def test_a_session_is_followed_beside_a_gateway(running):
    running.ok("ask", "one")
    process = running.begin("sessions", "show", TERMINAL, "-f", "--tail", "1", "--json")
    lines = lines_of(process)
    assert next(lines)["data"]["role"] == "assistant"
    running.ok("ask", "two")
    assert next(lines)["data"]["content"] == "two"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_only_the_newest_entries_are_shown(talked):
    shown = talked.ok("sessions", "show", TERMINAL, "--tail", "1")
    assert shown.startswith("(the last 1 of 2 entries)")
    assert "Hello there" in talked.ok("sessions", "show", TERMINAL, "--last", "2")


# Exporting --------------------------------------------------------------------------------------


def test_every_session_is_written_into_a_folder_and_nothing_is_replaced(talked, tmp_path):
    folder = tmp_path / "exports"
    (written,) = talked.data("sessions", "export", "--all", "--to", str(folder))["exported"]
    file = folder / "terminal_local_main.json"
    assert written == {"id": "terminal_local_main", "file": str(file)}
    assert json.loads(file.read_text())["key"] == TERMINAL
    assert file.stat().st_mode & 0o077 == 0
    before = file.read_bytes()
    talked.ok("ask", "more")
    error = talked.refused(1, "sessions", "export", TERMINAL, "--to", str(folder))
    assert str(file) in error["message"]
    assert file.read_bytes() == before
    talked.ok("sessions", "export", TERMINAL, "--to", str(folder), "--force")
    assert b"more" in file.read_bytes()
    assert list(folder.iterdir()) == [file]


def test_a_page_is_written_for_a_browser(talked, tmp_path):
    page = talked.ok("sessions", "export", TERMINAL, "--format", "html")
    assert page.startswith("<!doctype html>")
    assert "Hello there" in page
    talked.ok("sessions", "export", "--all", "--format", "html", "--to", str(tmp_path))
    assert (tmp_path / "terminal_local_main.html").read_text() == page


def test_an_export_that_cannot_be_says_what_to_do(talked):
    assert "--to" in talked.refused(2, "sessions", "export", "--all")["hint"]
    assert talked.refused(2, "sessions", "export")["code"] == "usage"
    assert talked.refused(2, "sessions", "export", TERMINAL, "--force")["code"] == "usage"
    assert talked.refused(2, "sessions", "export", "a", "b")["code"] == "usage"
    assert talked.refused(1, "sessions", "export", TERMINAL, "--to", "/dev/null")["code"] == (
        "storage_failed"
    )
