"""Conversations whose words do not outlive them, as an operator ends them: real processes."""

import signal

import pytest

from tests.acceptance.test_cli import PATIENCE, TERMINAL, argent
from tests.flows.house import WORD, words_in

__all__ = ["argent"]

pytestmark = pytest.mark.acceptance

NEVER = {"ARGENT_AGENTS__DEFAULTS__SESSION__PERSISTENCE": "never"}


def test_no_byte_is_left_when_an_operator_ends_what_is_not_kept(argent):
    argent.environ |= NEVER
    for end in ("clear", "archive", "delete"):
        argent.ok("ask", f"My {WORD} is here")
        assert words_in(argent.state)
        yes = [] if end == "archive" else ["--yes"]
        argent.ok("sessions", end, TERMINAL, *yes)
        assert words_in(argent.state) == [], end


def test_erasing_takes_what_was_archived_and_deleted_before_with_it(argent):
    argent.ok("ask", f"My {WORD} is here")
    argent.ok("sessions", "delete", TERMINAL, "--yes")
    argent.ok("ask", f"Another {WORD}")
    argent.ok("sessions", "clear", TERMINAL, "--yes")
    held = "\n".join(words_in(argent.state))
    assert "/archive/" in held
    assert "deleted/" in held
    argent.ok("sessions", "clear", TERMINAL, "--erase", "--yes")
    assert words_in(argent.state) == []
    info = argent.data("sessions", "info", TERMINAL)
    assert info["log"][-1]["reason"] == "the operator asked; its words are erased"


def test_a_running_gateway_and_its_log_hold_nothing_of_it_either(argent):
    argent.environ |= NEVER | {"ARGENT_LOG__LEVEL": "debug"}
    process = argent.start("gateway", "run", "--json")
    argent.ok("ask", f"My {WORD} is here")
    argent.ok("sessions", "clear", TERMINAL, "--yes")
    left = words_in(argent.state)
    process.send_signal(signal.SIGTERM)
    told, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert set(left) <= {"search.db"}, "what SQLite leaves of an index goes within a minute"
    assert "session" in log
    assert WORD not in told + log
    argent.ok("sessions", "search", "anything")
    assert words_in(argent.state) == []


def test_what_holds_is_shown_and_a_bad_setting_ends_nothing(argent):
    argent.ok("ask", f"My {WORD} is here")
    assert "Words:        kept" in argent.ok("sessions", "info", TERMINAL)
    assert "Words:        erased after 1h of quiet" in argent.ok(
        "sessions", "info", TERMINAL, **NEVER
    )
    bad = {"ARGENT_AGENTS__DEFAULTS__SESSION__PERSISTENCE": "sometimes"}
    done = argent.run("sessions", "clear", TERMINAL, "--yes", **bad)
    assert (done.returncode, "persistence" in done.stderr) == (2, True)
    assert argent.data("sessions", "info", TERMINAL)["messages"] == 2
