"""Every setting as its owner meets it: name, type, default, unit, meaning, variable, effect."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from channels.config import AccountSettings
from gateway.changes import Effect, effect_of
from gateway.config import Account, Settings
from gateway.config_env import WELL_KNOWN
from gateway.config_json_schema import schema
from gateway.config_names import variable
from gateway.config_schema import Leaf, Path, leaves, models_in
from gateway.config_units import unit

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """A setting. In `path`, what the owner names stands as ``*``.

    `type` is in words, `default` as JSON (None: there is none, or nothing is set); `variables` are
    those of the environment, the usual one of other programs last; `effect` is what a change takes
    while the gateway runs.
    """

    path: Path
    type: str
    default: Any
    needed: bool
    unit: str | None
    meaning: str
    variables: tuple[str, ...]
    effect: Effect

    @property
    def name(self) -> str:
        """As it is written: ``channels.*.token``."""
        return ".".join(self.path)


def reference() -> Iterator[Described]:
    """Every setting. What every account has is told once (``channels.*.owners``), and what only
    one platform's have under its name (``channels.telegram.token``)."""
    whole = schema()
    for leaf in leaves(Settings):
        if leaf.path[0] != "channels":
            yield _described(leaf.path, leaf, whole)
    for leaf in leaves(AccountSettings, ("channels", "*")):
        yield _described(leaf.path, leaf, whole)
    for model in models_in(Account):
        kind = model.model_fields["kind"].default
        for leaf in leaves(model, ("channels", kind)):
            if leaf.path[2] not in AccountSettings.model_fields:
                yield _described(leaf.path, leaf, whole)


@cache
def _all() -> tuple[Described, ...]:
    return tuple(reference())


def find(path: Path) -> Described | None:
    """What is said of the setting at a path; None for a section.

    What an account has is told as its platform's where the account is called after it.
    """
    for each in _all():
        if len(each.path) == len(path) and all(map(_fits, each.path, path)):
            return each
    return None


def _fits(known: str, name: str) -> bool:
    return known in ("*", name) or name.startswith(f"{known}-")


def _described(path: Path, leaf: Leaf, whole: Json) -> Described:
    made = _at(whole, path)
    usual = tuple(name for name, (known, _) in WELL_KNOWN.items() if known == path)
    return Described(
        path=path,
        type=_type(made, whole),
        default=made.get("default"),
        needed=leaf.field.is_required(),
        unit=unit(path),
        meaning=made.get("description", ""),
        variables=(_variable(path), *usual),
        effect=effect_of(path),
    )


def _variable(path: Path) -> str:
    """The variable, with a name of the owner's choice as it may stand there."""
    return variable(tuple("NAME" if each == "*" else each for each in path))


def _at(whole: Json, path: Path) -> Json:
    """The schema of the setting at a path."""
    here = whole
    for name in path:
        here = _resolved(here, whole)
        below = here.get("properties", {}).get(name)
        if below is None:
            patterns = here.get("patternProperties", {}).items()
            below = next((each for start, each in patterns if start.startswith(f"^{name}")), None)
        here = here["additionalProperties"] if below is None else below
    return _set(here)


def _resolved(made: Json, whole: Json) -> Json:
    """What a schema refers to; the first of several, which have in common what is asked for."""
    made = _set(made)
    made = made["oneOf"][0] if "oneOf" in made else made
    return whole["$defs"][made["$ref"].removeprefix("#/$defs/")] if "$ref" in made else made


def _set(made: Json) -> Json:
    """The schema of a value that is set: what may be left out may be null, too."""
    members = [each for each in made.get("anyOf", ()) if each != {"type": "null"}]
    rest = {name: value for name, value in made.items() if name != "anyOf"}
    if len(members) > 1:
        return {**rest, "anyOf": members}
    return {**rest, **members[0]} if members else rest


def _type(made: Json, whole: Json) -> str:
    """A type in words."""
    resolved = _resolved(made, whole)
    if "const" in resolved:
        return f"`{resolved['const']}`"
    if "enum" in resolved:
        return ", ".join(f"`{each}`" for each in resolved["enum"])
    if made.get("format") == "password":
        return "secret"
    if "anyOf" in made:
        return " or ".join(_type(each, whole) for each in made["anyOf"])
    match resolved.get("type"):
        case "array":
            return f"list of {_type(resolved.get('items', {}), whole)}"
        case "object":
            return "table"
        case "string":
            return "text"
        case "boolean":
            return "true or false"
        case "integer" | "number" as kind:
            return "whole number" if kind == "integer" else "number"
    return "any value"
