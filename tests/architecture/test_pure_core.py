"""The core decides; it does no I/O, waits for nothing and reads no clock: time is passed in.

import-linter forbids the modules (pyproject.toml, contract `core`). Here: that every module of the
core is listed there, and that none gets at a clock or a file without an import.
"""

import ast
import re
import tomllib
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PACKAGES, ROOT, Source, called, sources

CORE = re.compile(
    r"""
      state\.(keys|ids|messages|history|session|lifecycle|compaction|view|erasing|records)
    | state\.(forgetting|links|persons)
    | state\.(durations|quiet|spending|store_errors)
    | state\.codec(\.\w+)?
    | channels\.(addresses|columns|config|document|errors|grammar|markdown|pieces|rendering|sound)
    | channels\.split
    | channels\.\w+\.(attachments|config|format|identity|ids|inbound|quotes|sound|words)
    | channels\.discord\.(buttons|markup|places|seen)
    | channels\.slack\.(buttons|changes|fields|known|manifest)
    | channels\.telegram\.(keyboard|places|presses)
    | agents\.(breaker|calibration|config|errors|extract|looking|material)
    | agents\.(models\.sight|models_config)
    | agents\.(prices|prompt|revisions|skills|summary_prompts|tokens|transcript|turn)
    | agents\.sandbox\.(errors|limits|numbers|output|seccomp|sizes)
    | agents\.tools\.mcp\.(config|naming)
    | agents\.workspace\.(errors|paths)
    | gateway\.(admission|approval_text|changes|citing|powers|budgets|commands|elapsed)
    | gateway\.export(_\w+)?
    | gateway\.(filetypes|gathering|health|titles)
    | gateway\.(events|pairing|settable|siblings|whois)
    | gateway\.(log_forms|log_wanted|redaction)
    | gateway\.api\.http_guard | gateway\.metrics\.(catalogue|readings)
    | gateway\.tracing\.(config|spans)
    | gateway\.(importing(\.\w+)?|lateness|limits|live|lived|notices|persons|routing|scopes)
    """,
    re.VERBOSE,
)

READS_A_CLOCK = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
DOES_IO = {"open", "print", "input", "exec", "eval", "breakpoint", "__import__"}

CORE_SOURCES = [source for source in sources(*PACKAGES) if CORE.fullmatch(source.module)]


def impurities(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        where = f"{source.path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield f"{where}: the core is synchronous; let the caller wait and pass the result in"
        elif isinstance(node, ast.Call):
            name = called(node)
            if ".".join(name.split(".")[-2:]) in READS_A_CLOCK:
                yield f"{where}: {name}() reads a clock; take the time as a parameter"
            elif name in DOES_IO:
                yield f"{where}: {name}() does I/O; return a value and let the caller do it"


@pytest.mark.parametrize("source", CORE_SOURCES, ids=str)
def test_a_core_module_is_synchronous_and_reads_no_clock(source):
    assert not list(impurities(source))


def test_every_core_module_is_under_the_import_contract():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (core,) = (contract for contract in contracts if contract["id"] == "core")
    existing = {source.module for source in CORE_SOURCES}
    listed = set(core["source_modules"])
    # A package in the contract stands for the modules in it.
    missing = {name for name in existing if not {name, name.rpartition(".")[0]} & listed}
    assert not missing, f"add to the contract `core`: {sorted(missing)}"
    assert listed <= existing, f"no core module of that name: {sorted(listed - existing)}"


@pytest.mark.parametrize(
    "line",
    [
        "now = datetime.now(UTC)",
        "now = datetime.datetime.utcnow()",
        "text = open('notes').read()",
        "async def decide(): ...",
    ],
)
def test_an_impurity_is_seen(line):
    tree = ast.parse(line)
    assert list(impurities(Source(ROOT / "state/keys.py", line, tree)))
