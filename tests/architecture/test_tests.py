"""The tests use the real thing over loopback, and wait for events, not for time to pass."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, called, dotted, sources

SLEEPS = {"time.sleep", "asyncio.sleep", "sleep"}
EXCUSES = {"pytest.skip", "pytest.xfail", "pytest.importorskip"}
EXCUSING_MARKS = {"pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"}


def faults(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        where = f"{source.path}:{getattr(node, 'lineno', 0)}"
        if _imports_mock(node):
            yield f"{where}: a mock shows what it was told; use an emulator or the in-memory one"
        elif isinstance(node, ast.Call) and called(node) in SLEEPS and _constant_above_zero(node):
            yield f"{where}: {called(node)} waits for time; wait for the event, with a time-out"
        elif isinstance(node, ast.Call) and called(node) in EXCUSES:
            yield f"{where}: {called(node)} hides what is not shown"
        elif isinstance(node, ast.Attribute) and dotted(node) in EXCUSING_MARKS:
            yield f"{where}: {dotted(node)} hides what is not shown"


def _imports_mock(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return module.startswith(("unittest.mock", "mock")) or (
            module == "unittest" and any(alias.name == "mock" for alias in node.names)
        )
    return isinstance(node, ast.Import) and any("mock" in alias.name for alias in node.names)


def _constant_above_zero(call: ast.Call) -> bool:
    if not call.args or not isinstance(call.args[0], ast.Constant):
        return False
    seconds = call.args[0].value
    return isinstance(seconds, int | float) and seconds > 0


@pytest.mark.parametrize("source", sources("tests"), ids=str)
def test_a_test_neither_mocks_nor_sleeps_nor_hides(source):
    assert not list(faults(source))


@pytest.mark.parametrize(
    "text",
    [
        "from unittest.mock import patch",
        "from unittest import mock",
        "import asyncio\nasyncio.sleep(0.1)",
        "import time\ntime.sleep(1)",
        "import pytest\npytest.skip('later')",
        "import pytest\n@pytest.mark.skipif(True, reason='')\ndef test(): ...",
    ],
)
def test_a_fault_is_seen(text):
    assert list(faults(Source(sources("tests")[0].path, text, ast.parse(text))))


def test_a_yield_to_the_loop_is_no_sleep():
    text = "import asyncio\nasyncio.sleep(0)"
    assert not list(faults(Source(sources("tests")[0].path, text, ast.parse(text))))
