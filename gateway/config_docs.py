"""What the settings' docstrings say, read from the sources when somebody asks.

Reading them when the models are made would cost every start what only few commands need.
"""

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


@cache
def field_docs(model: type[BaseModel]) -> Mapping[str, str]:
    """The docstring below each field of a model, those of the models it derives from included."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found |= _module_docs(each.__module__).get(each.__qualname__, {})
    return found


@cache
def _module_docs(module: str) -> Mapping[str, Mapping[str, str]]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return {each.name: dict(_docs(each.body)) for each in classes}


def _docs(body: list[ast.stmt]) -> list[tuple[str, str]]:
    """Each annotated name that a string follows, with the string as one paragraph."""
    found = []
    for statement, after in pairwise(body):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = " ".join(str(after.value.value).split()).replace("``", "`")
            found.append((statement.target.id, text))
    return found
