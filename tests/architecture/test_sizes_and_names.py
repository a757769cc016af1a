"""Small files, small functions, names from the field."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, Source, sources

MAX_FILE = 400
MAX_FUNCTION = 60
# The composition root is one straight list of parts; dealing it out would hide how they are joined.
MAX_WIRING = 80
WIRING = Path("gateway/app.py")

NO_CLASS_NAME = re.compile(r"Manager|Service|Helper|Mixin|Util")
NO_MODULE_NAME = re.compile(r"(^|_)(utils?|helpers?|misc|common|mixins?|managers?|services?)$")

ALL = sources(*PACKAGES, "tests")


def long_functions(source: Source) -> Iterator[str]:
    most = MAX_WIRING if source.path == WIRING else MAX_FUNCTION
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # A docstring is as long as it must be; what is counted is what is done.
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = node.end_lineno - body[0].lineno + 1 if body else 0
            if lines > most:
                yield f"{source.path}:{node.lineno}: {node.name} has {lines} lines"


def wrong_class_names(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and NO_CLASS_NAME.search(node.name):
            yield f"{source.path}:{node.lineno}: {node.name} does not say what it is"


def test_no_file_is_long():
    lengths = {str(source): source.text.count("\n") for source in ALL}
    long = {path: lines for path, lines in lengths.items() if lines > MAX_FILE}
    assert not long, f"more than {MAX_FILE} lines; part them by subject: {long}"


def test_no_function_is_long():
    assert not [line for source in ALL for line in long_functions(source)]


def test_no_class_is_named_for_nothing():
    assert not [line for source in ALL for line in wrong_class_names(source)]


def test_no_module_is_a_drawer():
    names = [part for source in ALL for part in source.module.split(".")]
    assert not [name for name in names if NO_MODULE_NAME.search(name)]


@pytest.mark.parametrize("name", ["SessionManager", "PairingService", "StringUtils", "LogMixin"])
def test_a_name_for_nothing_is_seen(name):
    text = f"class {name}: ..."
    assert list(wrong_class_names(Source(ALL[0].path, text, ast.parse(text))))


def test_a_long_function_is_seen():
    text = "def answer():\n" + "    pass\n" * (MAX_FUNCTION + 1)
    assert list(long_functions(Source(ALL[0].path, text, ast.parse(text))))
