"""What a Dockerfile says, as far as Argent's says it: https://docs.docker.com/reference/dockerfile/"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


class BadRecipe(ValueError):
    """Something that this reader does not know; it guesses nothing."""


@dataclass(frozen=True)
class Step:
    """One instruction: its word, and what follows it, with continued lines joined."""

    word: str
    rest: str


@dataclass
class Stage:
    """What is made from one FROM."""

    base: str
    name: str
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Image:
    """What a stage's instructions say of the image beside its files."""

    env: Mapping[str, str]
    user: str
    workdir: str
    volumes: tuple[str, ...]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    healthcheck: tuple[str, ...]


def stages(text: str) -> list[Stage]:
    """The stages in their order, with the defaults of ARG put in. Raises `BadRecipe`."""
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for step in _steps(text):
        if step.word == "FROM":
            base, _, name = substituted(step.rest, arguments).partition(" AS ")
            found.append(Stage(base, name or str(len(found))))
        elif step.word == "ARG":
            name, _, default = step.rest.partition("=")
            arguments[name] = default
        elif not found:
            raise BadRecipe(f"{step.word} before FROM")
        else:
            found[-1].steps.append(step)
    return found


def described(stage: Stage) -> Image:
    """What a stage says of its image. Raises `BadRecipe` for a word that nobody carries out."""
    env: dict[str, str] = {}
    said: dict[str, str] = {}
    for step in stage.steps:
        match step.word:
            case "ENV":
                env |= assignments(step.rest)
            case "USER" | "WORKDIR" | "VOLUME" | "ENTRYPOINT" | "CMD":
                said[step.word] = step.rest
            case "HEALTHCHECK":
                said[step.word] = step.rest.partition(" CMD ")[2]
            case "COPY" | "RUN":
                pass
            case other:
                raise BadRecipe(other)
    return Image(
        env=env,
        user=said.get("USER", "root"),
        workdir=said.get("WORKDIR", "/"),
        volumes=tuple(said.get("VOLUME", "").split()),
        entrypoint=_arguments(said.get("ENTRYPOINT", "[]")),
        command=_arguments(said.get("CMD", "[]")),
        healthcheck=_arguments(said.get("HEALTHCHECK", "[]")),
    )


def assignments(text: str) -> dict[str, str]:
    """``ENV A=b C="d e"`` as a mapping."""
    return dict(word.split("=", 1) for word in shlex.split(text))


def substituted(text: str, values: Mapping[str, str]) -> str:
    """The text with the values of its variables."""
    return _VARIABLE.sub(lambda found: values[found[1] or found[2]], text)


def _arguments(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _steps(text: str) -> Iterator[Step]:
    joined = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        joined += line.rstrip().removesuffix("\\")
        if line.rstrip().endswith("\\") or not joined.strip():
            continue
        word, _, rest = joined.strip().partition(" ")
        yield Step(word.upper(), rest.strip())
        joined = ""
