"""What others may use says what it means.

Methods that a documented protocol or base class already describes need not repeat it, and a method
that only returns something is told by its name.
"""

import ast
from collections.abc import Iterator

from tests.architecture.sources import PACKAGES, Source, dotted, sources

ALL = sources(*PACKAGES)
Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (child for child in node.body if isinstance(child, FUNCTION))


def _described() -> set[str]:
    """The methods that a protocol, or a class that others inherit from, documents."""
    classes = [node for src in ALL for node in ast.walk(src.tree) if isinstance(node, ast.ClassDef)]
    inherited = {dotted(base).split(".")[-1] for node in classes for base in node.bases}
    return {
        method.name
        for node in classes
        if node.name in inherited or any(dotted(base) == "Protocol" for base in node.bases)
        for method in methods(node)
        if ast.get_docstring(method)
    }


DESCRIBED = _described()


def undocumented(source: Source) -> Iterator[str]:
    if source.tree.body and not ast.get_docstring(source.tree):
        yield f"{source.path}: the module"
    for node in source.tree.body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            yield from _undocumented(source, node)


def _undocumented(source: Source, node: Documented) -> Iterator[str]:
    if not ast.get_docstring(node):
        yield f"{source.path}:{node.lineno}: {node.name}"
    if isinstance(node, ast.ClassDef):
        for method in methods(node):
            if not method.name.startswith("_") and not _told(method):
                yield f"{source.path}:{method.lineno}: {node.name}.{method.name}"


def _told(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if ast.get_docstring(method) or method.name in DESCRIBED or _is_other_half(method):
        return True
    return len(method.body) == 1 and isinstance(method.body[0], ast.Return)


def _is_other_half(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is an overload or a setter, whose meaning the main definition gives."""
    names = {dotted(decorator).split(".")[-1] for decorator in method.decorator_list}
    return bool(names & {"overload", "setter"})


def test_everything_public_has_a_docstring():
    assert not [line for source in ALL for line in undocumented(source)]


def test_a_missing_docstring_is_seen():
    text = "class Chat:\n    def hush(self): ...\n"
    assert len(list(undocumented(Source(ALL[0].path, text, ast.parse(text))))) == 3
