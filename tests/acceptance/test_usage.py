"""`argent usage` as a real process, beside a gateway and without one."""

import pytest

from tests.acceptance.test_cli import argent, running, talked

__all__ = ["argent", "running", "talked"]

pytestmark = pytest.mark.acceptance


def test_nothing_is_spent_where_nothing_was_said(argent):
    assert argent.ok("usage").startswith("Nothing was spent since ")
    data = argent.data("usage", "--days", "1")
    assert (data["rows"], data["total"]["input"]) == ([], 0)
    assert not argent.state.exists()


def test_what_was_spent_is_summed_by_what_is_asked_for(talked):
    (row,) = talked.data("usage", "--by", "person")["rows"]
    assert row["name"] == "terminal:local"
    assert row["input"] > 0
    assert row["output"] > 0
    (session,) = talked.data("usage", "--by", "session")["rows"]
    assert session == row | {"name": "terminal_local_main"}
    assert talked.data("usage", "--by", "model")["total"] == {
        name: row[name] for name in ("input", "output", "cached", "cost", "unpriced")
    }
    table = talked.ok("usage").splitlines()
    assert table[0].split() == ["day", "input", "cached", "output", "cost"]
    assert table[-1].split() == ["total", f"{row['input']:,}", "0", f"{row['output']:,}", "$0.00"]


def test_a_running_gateway_says_what_was_spent_today(running):
    running.ok("ask", "Hello")
    today = running.data("status")["today"]
    assert today["input"] > 0
    tokens = today["input"] + today["output"]
    assert f"Spent today (UTC): {tokens:,} tokens, $0.00" in running.ok("status")
    assert running.data("usage", "--days", "1")["total"] == today


def test_a_number_of_days_that_makes_no_sense_is_refused(argent):
    assert argent.refused(2, "usage", "--days", "0")["code"] == "usage"
