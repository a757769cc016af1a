"""Conversations that leave and come back, as real processes."""

import json
import signal

import pytest

from tests.acceptance.test_cli import PATIENCE, TERMINAL, Argent, argent, running, talked

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


# Importing --------------------------------------------------------------------------------------

LURKBOT = {
    "key": "telegram:123456789:main",
    "type": "main",
    "channel": "telegram",
    "chat_id": "123456789",
    "created_at": "2026-01-30T10:00:00Z",
    "updated_at": "2026-01-30T12:30:00Z",
    "messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi there!"},
    ],
    "metadata": {"model": "claude-sonnet-4-20250514", "tools_used": ["bash", "read"]},
}
JASON = "telegram:123456789:main"
LOKI = "model: openai:gpt-4o\nmessages:\n- role: user\n  content: yes\n"


@pytest.fixture
def lurkbot(tmp_path):
    file = tmp_path / "telegram_123456789_main.json"
    file.write_text(json.dumps(LURKBOT))
    return str(file)


@pytest.fixture
def elsewhere(tmp_path):
    """Another machine, where nothing was ever said."""
    return Argent(tmp_path / "elsewhere")


@pytest.fixture(params=["alone", "beside a gateway"])
def target(request):
    """A state folder that nobody owns, or one of a gateway."""
    return request.getfixturevalue("argent" if request.param == "alone" else "running")


def test_what_is_exported_and_imported_elsewhere_is_exported_the_same(talked, elsewhere):
    talked.ok("ask", "and 🦜 \x1b[2J \u202e?")
    document = talked.ok("sessions", "export", TERMINAL)
    (done,) = elsewhere.data("sessions", "import", "-", stdin=document)["imported"]
    assert (done["key"], done["messages"], done["form"]) == (TERMINAL, 4, "argent")
    back = elsewhere.ok("sessions", "export", TERMINAL)
    assert back == document
    assert "🦜" in elsewhere.data("sessions", "show", TERMINAL)["entries"][2]["content"]
    assert elsewhere.ok("ask", "what did I say?")
    assert elsewhere.data("sessions", "info", TERMINAL)["messages"] == 6


def test_a_file_of_another_program_is_imported(target, lurkbot, tmp_path):
    loki = tmp_path / "pirates.yaml"
    loki.write_text(LOKI)
    told = target.ok("sessions", "import", lurkbot)
    assert told == f"Imported {JASON}: 2 messages from a session of LurkBot, {lurkbot}\n"
    assert target.data("sessions", "info", JASON)["model"].startswith("anthropic:claude")
    target.ok("sessions", "import", str(loki), "--as", "discord:5:group")
    assert target.data("sessions", "info", "discord:5:group")["title"] == "pirates"
    shown = target.data("sessions", "show", "discord:5:group")["entries"]
    assert [entry["content"] for entry in shown] == ["yes"]


def test_a_session_that_is_there_is_replaced_only_when_that_is_said(target, lurkbot):
    target.ok("sessions", "import", lurkbot)
    error = target.refused(1, "sessions", "import", lurkbot)
    assert (error["code"], "--replace" in error["hint"]) == ("exists", True)
    assert target.refused(2, "sessions", "import", lurkbot, "--replace")["code"] == "usage"
    told = target.ok("sessions", "import", lurkbot, "--replace", "--yes")
    assert "what was there before is kept as" in told
    assert len(list(target.state.rglob("archive/*"))) == 1
    assert target.data("sessions", "info", JASON)["messages"] == 2


def test_a_dry_run_says_what_would_be_done_and_does_nothing(argent, lurkbot):
    assert argent.ok("sessions", "import", lurkbot, "--dry-run").startswith(f"Would import {JASON}")
    assert not argent.state.exists()
    argent.ok("sessions", "import", lurkbot)
    assert argent.refused(1, "sessions", "import", lurkbot, "--dry-run")["code"] == "exists"


def test_of_several_files_those_that_can_be_are_imported(argent, lurkbot, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('{"key": "telegram:5:main", "messages": [')
    done = argent.run("sessions", "import", str(bad), lurkbot, "missing", "--json")
    assert done.returncode == 1
    data = json.loads(done.stdout)["data"]
    assert [one["key"] for one in data["imported"]] == [JASON]
    assert [one["code"] for one in data["refused"]] == ["unreadable", "not_found"]
    assert "line 1, column 41" in data["refused"][0]["message"]


def test_a_file_that_cannot_be_taken_changes_nothing(argent, tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(LURKBOT | {"messages": [{"role": "oracle", "content": "?"}]}))
    error = argent.refused(1, "sessions", "import", str(bad))
    assert error["code"] == "unreadable"
    assert f"{bad}: messages[0].role" in error["message"]
    assert argent.refused(5, "sessions", "import", "missing.json")["code"] == "not_found"
    assert argent.refused(2, "sessions", "import", str(bad), "--as", "nonsense")["code"] == "usage"
    assert argent.refused(2, "sessions", "import", "a", "b", "--as", JASON)["code"] == "usage"
    assert not argent.state.exists()


def test_words_that_were_replaced_come_back_from_the_archive(talked):
    talked.ok("sessions", "clear", TERMINAL, "--yes")
    (archived,) = talked.state.rglob("archive/*.json")
    talked.ok("sessions", "import", str(archived), "--as", TERMINAL, "--replace", "--yes")
    assert "Hello there" in talked.ok("sessions", "show", TERMINAL)


def test_a_long_conversation_reaches_a_gateway_whole(running, tmp_path):
    said = [{"role": role, "content": "é🦜\x01" * 100_000} for role in ("user", "assistant")] * 3
    file = tmp_path / "long.json"
    file.write_text(json.dumps(LURKBOT | {"messages": said}))
    running.ok("sessions", "import", str(file))
    shown = running.data("sessions", "show", JASON)["entries"]
    assert [entry["content"] for entry in shown] == [message["content"] for message in said]
