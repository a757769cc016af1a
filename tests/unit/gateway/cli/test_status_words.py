"""What an owner reads of a gateway that is well, ill, silent or gone."""

from datetime import UTC, datetime

import pytest

from gateway.cli.status_words import status_lines

NOW = datetime(2026, 1, 30, 10, 0, tzinfo=UTC)
MINUTES_AGO = "2026-01-30T09:55:00Z"

COUNTS = {
    "sessions": 2, "pending": 1, "owed": 0, "sent": 9, "repeated": 0, "failed_parts": 0,
    "set_aside": 0, "outcomes": {"replied": 8},
}  # fmt: skip
TODAY = {"input": 10, "output": 5, "cached": 0, "cost": 0.0, "unpriced": 0}
CHANNEL = {
    "account": "telegram", "kind": "telegram", "condition": "degraded", "proved_at": MINUTES_AGO,
    "detail": "502\nBad", "identity": "@bot", "connections": 3, "lag": 0.4,
    "waits_until": "2026-01-30T10:00:30Z",
}  # fmt: skip


def words(**facts) -> str:
    data = {
        "condition": "ready", "problem": None, "gateway": None, "channels": [], "verdict": None,
        "counts": COUNTS, "today": TODAY, "state_dir": "/state",
    }  # fmt: skip
    return "\n".join(status_lines(data | facts, NOW))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"condition": "down"}, "is not running"),
        ({"condition": "hangs", "problem": "no answer (pid 7)"}, "hangs: no answer (pid 7)"),
        ({"condition": "silent", "problem": "pid 7 starts"}, "No gateway answers: pid 7 starts"),
        (
            {"condition": "not_ready", "verdict": {"reasons": ["it is starting"]}},
            "is not ready: it is starting",
        ),
        (
            {"condition": "not_live", "verdict": {"reasons": ["the event loop is 9.0 s late"]}},
            "cannot go on: the event loop is 9.0 s late",
        ),
    ],
)
def test_what_is_wrong_comes_first(facts, said):
    assert said in words(**facts).splitlines()[0]


def test_a_ready_gateway_needs_no_words_for_it():
    assert words().splitlines()[0] == "State folder: /state"


def test_an_account_says_when_it_was_proved_and_what_ails_it():
    line = next(line for line in words(channels=[CHANNEL]).splitlines() if "telegram" in line)
    assert "degraded" in line
    assert "proved 5m ago, connection 3, lag 0.4 s" in line
    assert "left alone for 30s" in line
    assert "502\\nBad" in line


def test_a_closer_look_names_whoever_waits_longest():
    disk = {
        "room": {"free": 5_000_000_000, "size": 10_000_000_000, "inodes_free": 1234},
        "files": {"ledger": 1000, "ledger_log": None, "search": 2000},
        "longest": {
            "unanswered": {
                "account": "telegram", "session": "telegram_1_main", "since": MINUTES_AGO,
            },
            "owed": None,
        },
        "integrity": {"sessions": 2, "problems": ["telegram_1_main: torn, half a line"]},
        "backup": {"made_at": "2026-01-27T10:00:00Z"},
        "log": {"errors": 2, "latest": {"at": MINUTES_AGO, "event": "turn_broke"}},
    }  # fmt: skip
    measured = {
        "loop": {"lag": 0.002, "worst": 0.14, "stalls": 3},
        "floods": {"telegram": {"chats": 2, "seconds": 31.0}},
        "models": [
            {"model": "openai:x", "answered_at": None, "failed_at": MINUTES_AGO, "error": "busy"}
        ],
    }
    said = words(disk=disk, measured=measured)
    for line in (
        "Event loop: 2 ms late, 140 ms at most, 3 stalls so far",
        "Flood on telegram: 2 chats wait, 31 s at most",
        "Model openai:x: has not answered yet, failed 5m ago (busy)",
        "Longest without an answer: 5m (telegram_1_main, on telegram)",
        "Longest to send: nothing waits",
        "Disk: 5.0 GB of 10.0 GB free, room for 1,234 files",
        "Files: ledger 1.0 kB, search 2.0 kB",
        "  telegram_1_main: torn, half a line",
        "Backup: made 3d ago",
        "Errors logged in the last hour: 2, the last 5m ago: turn_broke",
    ):
        assert line in said.splitlines()


def test_what_nobody_could_find_out_is_not_said_to_be_well():
    disk = {
        "room": None, "files": dict.fromkeys(("ledger", "ledger_log", "search")), "longest": None,
        "integrity": {"sessions": 0, "problems": []}, "backup": None, "log": None,
    }  # fmt: skip
    said = words(condition="hangs", problem="no answer", disk=disk, measured=None)
    assert said.count("not known") == 5
