"""What the settings' models say about themselves: which names there are, and of what type."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting. In `path`, an account that the owner names stands as ``*``."""

    path: Path
    annotation: Any
    field: FieldInfo


def models_in(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The models that a value of this type may be: more than one in a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    origin = get_origin(annotation)
    if origin is Annotated:
        return models_in(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(m for member in get_args(annotation) for m in models_in(member))
    return ()


def mapped(annotation: Any) -> Any:
    """What a mapping with names of the owner's choice holds; None for anything else."""
    return get_args(annotation)[1] if get_origin(annotation) is dict else None


def fields(annotation: Any) -> Mapping[str, FieldInfo]:
    """The names that may stand below a value of this type."""
    return {n: f for model in models_in(annotation) for n, f in model.model_fields.items()}


def child(annotation: Any, name: str) -> Any:
    """The type of what stands below `annotation` under this name; None when nothing does."""
    if (value := mapped(annotation)) is not None:
        return value
    field = fields(annotation).get(name)
    return None if field is None else field.annotation


def type_at(root: Any, path: Path) -> Any:
    """The type of the setting at this path; None when there is none."""
    for name in path:
        root = child(root, name)
        if root is None:
            return None
    return root


def is_section(annotation: Any) -> bool:
    """Whether settings stand below a value of this type. A table of plain values is a setting."""
    return bool(models_in(annotation)) or bool(models_in(mapped(annotation)))


def is_list(annotation: Any) -> bool:
    """Whether a value of this type is a list of values."""
    return get_origin(annotation) in (tuple, list, set, frozenset)


def is_secret(annotation: Any) -> bool:
    """Whether a value of this type must not be shown."""
    return annotation is SecretStr or any(is_secret(a) for a in get_args(annotation))


def leaves(annotation: Any, path: Path = ()) -> Iterator[Leaf]:
    """Every setting below a type, in the order in which the models declare them."""
    if (value := mapped(annotation)) is not None:
        yield from leaves(value, (*path, "*"))
    for name, field in fields(annotation).items():
        here = (*path, name)
        if is_section(field.annotation):
            yield from leaves(field.annotation, here)
        else:
            yield Leaf(here, field.annotation, field)


def secrets(settings: BaseModel) -> tuple[str, ...]:
    """Every secret that is set, in plain, so that a log can leave it out."""
    return tuple(value.get_secret_value() for _, value in secret_values(settings))


def secret_values(value: object, path: Path = ()) -> Iterator[tuple[Path, SecretStr]]:
    """Every secret below a value, with its path."""
    if isinstance(value, SecretStr):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secret_values(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from secret_values(item, (*path, str(name)))
