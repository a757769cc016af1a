"""Everything about one person, as an operator hands it out and erases it: real processes."""

import json
import stat

import pytest

from tests.acceptance.test_cli import argent, running, talked
from tests.flows import canaries

__all__ = ["argent", "running", "talked"]

pytestmark = pytest.mark.acceptance

LOCAL = "terminal:local"


@pytest.fixture
async def filled(argent):
    await canaries.fill(argent.state)
    return argent


def test_everything_about_a_person_is_erased_on_request(filled):
    shown = filled.ok("people", "erase", canaries.WHO, "--dry-run")
    assert shown.startswith(f"{canaries.WHO} ({canaries.NAME}, quetzalina7)\n")
    assert "telegram_-500_group" in shown
    assert canaries.told(filled.state)
    log = filled.state / "logs" / "gateway.jsonl"
    log.parent.mkdir(mode=0o700)
    log.write_text('{"session":"telegram_7001_dm"}\n{"session":"telegram_7002_dm"}\n')
    assert filled.refused(2, "people", "erase", canaries.WHO)["hint"] == "to go on, say --yes"
    assert canaries.told(filled.state)
    told = filled.ok("people", "erase", canaries.WHO, "--yes")
    assert "2 sessions removed" in told
    assert "1 line of the log" in told
    assert b"7001" not in b"".join(each.read_bytes() for each in log.parent.iterdir())
    assert "backups that were made before" in told
    assert canaries.told(filled.state) == []
    (receipt,) = (filled.state / "receipts").iterdir()
    assert f"Receipt: {receipt}" in told
    assert filled.refused(5, "people", "erase", canaries.WHO, "--yes")["code"] == "not_found"
    assert filled.refused(5, "people", "export", canaries.WHO)["code"] == "not_found"


def test_what_the_configuration_says_of_them_is_named(filled):
    config = filled.state / "argent.toml"
    config.touch(mode=0o600)
    config.write_text('[channels.telegram]\nkind = "telegram"\ntoken = "1:x"\nowners = ["7001"]\n')
    erased = filled.data("people", "erase", canaries.WHO, "--yes")
    assert erased["named_in"] == [f"{config}:4"]


def test_a_name_says_nobody(filled):
    for name in (canaries.NAME, "quetzalina7"):
        refused = filled.refused(2, "people", "erase", name, "--yes")
        assert refused["code"] == "ambiguous"
        assert refused["hint"] == f"say who: argent people … {canaries.WHO}"
    assert filled.refused(5, "people", "erase", "nobody", "--yes")["code"] == "not_found"
    assert filled.data("people", "erase", "7001", "--yes")["erased"] == [canaries.WHO]


def test_everything_about_a_person_is_exported(filled, tmp_path):
    file, copies = tmp_path / "them.json", tmp_path / "copies"
    told = filled.ok("people", "export", canaries.WHO, "-o", str(file), "--files", str(copies))
    assert told.startswith(f"{file}: 8 sessions, ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = json.loads(file.read_text())
    assert (document["format"], document["person"]) == ("argent-person", [canaries.WHO])
    assert document["names"] == [canaries.NAME, "quetzalina7"]
    assert [each["code"] for each in document["pairings"]] == ["CODE9"]
    assert [each["day"] for each in document["spending"]] == ["2026-01-30"]
    sessions = {each["id"]: each for each in document["sessions"]}
    own = sessions["telegram_7001_dm"]
    assert [history["file"].split("/")[0] for history in own["histories"]] == [
        "history.json", "archive",
    ]  # fmt: skip
    assert any(e["role"] == "assistant" for h in own["histories"] for e in h["entries"])
    shared = sessions["telegram_-500_group"]["histories"][0]["entries"]
    assert {entry["role"] for entry in shared} == {"user", "correction", "deletion"}
    assert {e["from"]["sender"] for e in shared if e["role"] == "user"} == {"7001"}
    assert (copies / "telegram_7001_dm" / "att-own.png").read_text() == canaries.WORD
    assert canaries.told(filled.state), "an export takes nothing away"


def test_an_export_can_be_printed(filled):
    plain = json.loads(filled.ok("people", "export", canaries.WHO))
    assert filled.data("people", "export", canaries.WHO)["sessions"] == plain["sessions"]


def test_a_running_gateway_exports_and_erases(running):
    running.ok("ask", f"Say {canaries.WORD}")
    assert "terminal_local_main" in running.ok("logs", "--json", "-n", "1000")
    assert canaries.WORD in running.ok("people", "export", LOCAL)
    assert "1 session removed" in running.ok("people", "erase", LOCAL, "--yes")
    assert "terminal_local_main" not in running.ok("logs", "--json", "-n", "1000")
    assert canaries.told(running.state) == []
    assert running.refused(5, "people", "erase", LOCAL, "--yes")["code"] == "not_found"
    assert "Hello" in running.ok("ask", "Hello there")
