"""``argent status`` and ``argent logs`` beside a real gateway, in sickness and in health."""

import json
import os
import signal
import subprocess
import threading

import pytest

from tests.acceptance.test_cli import PATIENCE, TERMINAL, argent, running, talked

__all__ = ["argent", "running", "talked"]
pytestmark = pytest.mark.acceptance


def test_without_a_gateway_nobody_is_told_that_it_is_well(argent):
    for command in (["status"], ["status", "--check", "live"], ["status", "--check", "ready"]):
        assert argent.run(*command).returncode == 3, command
    assert "not running" in argent.run("status").stdout


def test_a_container_asks_whether_it_lives_and_is_ready(running):
    assert running.ok("status", "--check", "live") == "live\n"
    assert running.data("status", "--check", "ready")["passed"] is True
    pid = running.data("gateway", "status")["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        hung = running.run("status", "--check", "live")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert hung.returncode == 3
    assert hung.stdout == f"not live: the gateway does not answer in time (pid {pid})\n"


def test_a_message_is_to_be_found_in_a_closer_look_and_in_the_log(running):
    running.ok("ask", "hello")
    data = running.data("status", "--deep")
    assert data["condition"] == "ready"
    assert data["measured"]["models"][0]["answered_at"] is not None
    assert data["disk"]["integrity"] == {"sessions": 1, "problems": []}
    assert "Event loop: " in running.ok("status", "--deep")
    kept = running.ok("logs", "--session", TERMINAL, "--json").splitlines()
    lines = [json.loads(line) for line in kept]
    assert [line["event"] for line in lines] == ["accepted", "ended", "sent"]
    assert {(line["session"], line["channel"], line["row"]) for line in lines} == {
        ("terminal_local_main", "terminal", 1)
    }
    assert "accepted" in running.ok("logs")


def test_a_watch_shows_that_the_gateway_went_away_and_ends_with_ctrl_c(argent):
    gateway = argent.start("gateway", "run", "--json")
    watch = argent.begin("status", "--watch", "0.1", "--json")
    overdue = threading.Timer(PATIENCE, watch.kill)
    overdue.start()
    try:
        seen = [condition(watch)]
        gateway.send_signal(signal.SIGTERM)
        gateway.communicate(timeout=PATIENCE)
        while seen[-1] != "down":
            seen.append(condition(watch))
        assert seen[0] == "ready"
        watch.send_signal(signal.SIGINT)
        _, errors = watch.communicate(timeout=PATIENCE)
        assert (watch.returncode, errors) == (0, "")
    finally:
        overdue.cancel()
        watch.kill()


def condition(watch: subprocess.Popen[str]) -> str:
    assert watch.stdout is not None
    line = watch.stdout.readline()
    assert line, watch.communicate()
    return str(json.loads(line)["data"]["condition"])
