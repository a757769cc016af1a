"""What the settings' docstrings say, read from the sources when somebody asks.

Reading them when the models are made would cost every start what only few commands need.
"""

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from gateway.config_schema import Path, child, models_in


def described(root: Any, path: Path) -> str | None:
    """What is said of the setting or section at this path below `root`."""
    for name in path[:-1]:
        root = child(root, name)
    for model in models_in(root):
        if path[-1] in model.model_fields:
            found = field_docs(model).get(path[-1])
            return found or _of_models(model.model_fields[path[-1]].annotation)
    return None


def _of_models(annotation: Any) -> str | None:
    for model in models_in(annotation):
        return inspect.getdoc(model)
    return None


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
