"""What the settings' models say about themselves: which names there are, and of what type."""

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

Path = tuple[str, ...]

_LOGIN = re.compile(r"(?<=://)[^/?#\s]+@")
"""Who an address is asked as: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting. In `path`, what the owner names (an account, an agent) stands as ``*``."""

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
    for member in _members(annotation):
        if get_origin(member) is dict:
            return get_args(member)[1]
    return None


def named(annotation: Any) -> type[BaseModel] | None:
    """What a model holds beside its fields, under names of the owner's choice; None: nothing."""
    for model in models_in(annotation):
        if model.model_config.get("extra") == "allow":
            return models_in(get_type_hints(model)["__pydantic_extra__"].__args__[1])[0]
    return None


def _members(annotation: Any) -> tuple[Any, ...]:
    """What a value of this type may be; an optional one may also be None."""
    union = get_origin(annotation) in (Union, types.UnionType)
    return get_args(annotation) if union else (annotation,)


def fields(annotation: Any) -> Mapping[str, FieldInfo]:
    """The names that may stand below a value of this type."""
    return {n: f for model in models_in(annotation) for n, f in model.model_fields.items()}


def child(annotation: Any, name: str) -> Any:
    """The type of what stands below `annotation` under this name; None when nothing does."""
    if (value := mapped(annotation)) is not None:
        return value
    field = fields(annotation).get(name)
    return named(annotation) if field is None else field.annotation


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
    lists = (tuple, list, set, frozenset)
    return any(get_origin(member) in lists for member in _members(annotation))


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
    if (own := named(annotation)) is not None:
        yield from leaves(own, (*path, "*"))


def secrets(settings: BaseModel) -> tuple[str, ...]:
    """Every secret that is set, in plain, so that a log can leave it out."""
    typed = (value.get_secret_value() for _, value in secret_values(settings))
    return (*typed, *_passwords(settings.model_dump(mode="json")))


def without_passwords(value: Any) -> Any:
    """A setting's value as JSON has it, without the passwords that addresses in it hold."""
    if isinstance(value, dict):
        return {name: without_passwords(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_passwords(each) for each in value]
    return _LOGIN.sub("**********@", value) if isinstance(value, str) else value


def _passwords(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        for login in _LOGIN.findall(value):
            yield login.removesuffix("@").partition(":")[2]
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _passwords(each)


def secret_values(value: object, path: Path = ()) -> Iterator[tuple[Path, SecretStr]]:
    """Every secret below a value, with its path."""
    if isinstance(value, SecretStr):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, item in value:
            yield from secret_values(item, (*path, name))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from secret_values(item, (*path, str(name)))
