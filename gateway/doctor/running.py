"""The gateway: whether it runs and answers, and what it says of itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from channels.probe import Fault, Finding, Level
from gateway import __version__
from gateway.doctor.case import ANSWER_SECONDS, Case
from gateway.health import MOST_LAG
from state.files.layout import Layout
from state.files.ledger import index
from state.files.ledger.reading import connect_to_unowned

Json = dict[str, Any]

HUNG = Fault(
    "gateway-hung",
    Level.ERROR,
    "the gateway (pid {pid}) does not answer",
    f"it said nothing within {ANSWER_SECONDS:g} s; its log may say why (argent logs)",
    "argent gateway stop, or if that does not help: kill -9 {pid} (nothing that was acknowledged "
    "is lost), then: argent gateway run",
)
NOT_RUNNING = Fault(
    "gateway-not-running",
    Level.NOTE,
    "no gateway runs on {where}",
    "it was not started, or was stopped",
    "argent gateway run, or to have it started with the machine: argent service install",
)
OLDER = Fault(
    "gateway-outdated",
    Level.WARNING,
    "the gateway that runs is Argent {runs}, and {installed} is installed",
    "Argent was upgraded, and the gateway was not started again",
    "argent gateway stop, then argent gateway run (a service: systemctl restart argent)",
)
STORAGE = Fault(
    "gateway-cannot-store",
    Level.ERROR,
    "the running gateway cannot store what comes in",
    "{how}",
    "mend the disk: the gateway goes on by itself, and what waits is kept by the platforms",
)
CHANNEL_DOWN = Fault(
    "channel-down",
    Level.ERROR,
    "the account {where} is {condition}",
    "{how}",
    "argent channels test {where} says what to mend; what needs no owner mends itself",
)
RESTART = Fault(
    "restart-needed",
    Level.WARNING,
    "the running gateway does not go by all of its settings: {settings}",
    "they were changed since, and hold from the next start on",
    "argent gateway stop, then argent gateway run (a service: systemctl restart argent)",
)
SETTINGS_KEPT = Fault(
    "settings-not-taken-up",
    Level.WARNING,
    "the running gateway goes by its earlier settings",
    "the file was changed, and cannot be used as it is: {how}",
    "correct it, then: argent gateway reload",
)
WAITING = Fault(
    "messages-waiting",
    Level.WARNING,
    "{pending} messages wait for an answer, and {owed} parts of answers to be sent",
    "the gateway stopped before it was done; it goes on where it was",
    "argent gateway run",
)
BACKLOG = Fault(
    "backlog",
    Level.WARNING,
    "{owed} parts of answers wait to be sent",
    "a platform does not take them, or asks to wait",
    "argent channels status says which; they are sent as soon as it takes them",
)
MODEL_RESTS = Fault(
    "model-rests",
    Level.WARNING,
    "the running gateway does not ask the model {where} for now",
    "{how}",
    "argent models test {where}",
)
MCP_DOWN = Fault(
    "mcp-down",
    Level.WARNING,
    "the MCP server {where} is of no use",
    "{how}",
    "argent mcp test {where}",
)
LATE = Fault(
    "loop-late",
    Level.WARNING,
    "the gateway's event loop was {seconds:.1f} s late",
    "something held it up: a machine that is too small or swaps, or a fault in Argent",
    "look for what was dumped: argent logs",
)
FAULTS = (
    HUNG, NOT_RUNNING, OLDER, STORAGE, CHANNEL_DOWN, RESTART, SETTINGS_KEPT, WAITING, BACKLOG,
    MODEL_RESTS, MCP_DOWN, LATE,
)  # fmt: skip

MANY_OWED = 200
"""Parts that wait with a running gateway, which are more than a platform's limits explain."""

_FINE = ("healthy", "starting")


def examine(case: Case) -> Iterator[Finding]:
    """What is wrong with the gateway, or that there is none."""
    if case.holder is None:
        yield from _without(case)
    elif case.status is None:
        yield HUNG.at("gateway", pid=case.holder)
    else:
        yield from _of_process(case.runtime)
        yield from _of_channels(case.status.get("channels") or [])
        measured = (case.status.get("measured") or {}).get("loop") or {}
        worst = float(measured.get("worst") or 0)
        if worst >= MOST_LAG:
            yield LATE.at("gateway", seconds=worst)
        owed = int((case.status.get("counts") or {}).get("owed") or 0)
        if owed >= MANY_OWED:
            yield BACKLOG.at("gateway", owed=owed)


def _without(case: Case) -> Iterator[Finding]:
    accounts = case.settings.channels.values() if case.settings is not None else ()
    if any(account.enabled for account in accounts):
        yield NOT_RUNNING.at(str(case.state_dir))
    path = Layout(case.state_dir).database
    if not case.readable or not path.exists():
        return
    try:
        with closing(connect_to_unowned(path)) as db:
            counts = index.counts(db)
    except sqlite3.Error:
        # That it does not read is for the ledger to say.
        return
    if counts.pending or counts.owed:
        yield WAITING.at("gateway", pending=counts.pending, owed=counts.owed)


def _of_process(runtime: Json) -> Iterator[Finding]:
    if (runs := runtime.get("version")) != __version__:
        yield OLDER.at("gateway", runs=runs, installed=__version__)
    if problem := runtime.get("storage_problem"):
        yield STORAGE.at("gateway", how=problem)
    if settings := runtime.get("restart_needed"):
        yield RESTART.at("gateway", settings=", ".join(settings))
    for model, why in (runtime.get("models_resting") or {}).items():
        yield MODEL_RESTS.at(model, how=why)
    for server in runtime.get("mcp") or []:
        if server.get("problem"):
            yield MCP_DOWN.at(server["name"], how=server["problem"])
    if problem := runtime.get("settings_problem"):
        yield SETTINGS_KEPT.at("gateway", how=problem)


def _of_channels(channels: list[Json]) -> Iterator[Finding]:
    for each in channels:
        if each["condition"] not in _FINE:
            how = each.get("detail") or "it does not say why"
            yield CHANNEL_DOWN.at(each["account"], condition=each["condition"], how=how)
