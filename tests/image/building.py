"""Carries a Dockerfile's steps out in root folders."""

import fnmatch
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.image.recipe import BadRecipe, Image, Stage, assignments, described, stages
from tests.image.roots import Clocked, account, build, copied, debian

_SLIM = re.compile(r"debian:(\w+)-slim")


@dataclass(frozen=True)
class Built:
    """The last stage's root folder, and what is said of it."""

    root: Path
    image: Image


def build_image(context: Path, beside: Path, clocked: Clocked) -> Built:
    """Build the Dockerfile of `context`, which is what git has of it. `beside` takes the roots."""
    roots: dict[str, Path] = {}
    bases: dict[str, Path] = {}
    made = Built(beside, described(Stage("", "")))
    for stage in stages((context / "Dockerfile").read_text()):
        found = _SLIM.fullmatch(stage.base)
        if found is None:
            raise BadRecipe(stage.base)
        if stage.base not in bases:
            with clocked.step(f"debootstrap {found[1]}"):
                bases[stage.base] = beside / f"base-{found[1]}"
                debian(found[1], bases[stage.base])
        root = roots[stage.name] = beside / f"stage-{stage.name}"
        copied(bases[stage.base], root)
        _carry_out(stage, root, context, roots, clocked)
        made = Built(root, described(stage))
    return made


def _carry_out(
    stage: Stage, root: Path, context: Path, roots: Mapping[str, Path], clocked: Clocked
) -> None:
    env: dict[str, str] = {}
    workdir = "/"
    for step in stage.steps:
        match step.word:
            case "ENV":
                env |= assignments(step.rest)
            case "WORKDIR":
                workdir = step.rest
                (root / workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(step.rest, root, workdir, context, roots)
            case "RUN":
                with clocked.step(f"RUN {step.rest[:60]} …"):
                    build(root, step.rest, env, workdir)
            case "USER":
                account(root, step.rest)


def _copy(rest: str, root: Path, workdir: str, context: Path, roots: Mapping[str, Path]) -> None:
    words = rest.split()
    source = context
    if words[0].startswith("--from="):
        source = roots[words.pop(0).removeprefix("--from=")]
    *names, target = words
    to = root / (Path(workdir) / target).as_posix().lstrip("/")
    allowed = _allowed(context) if source == context else None
    for name in names:
        if allowed is not None and not any(fnmatch.fnmatch(name, each) for each in allowed):
            raise BadRecipe(f"{name} is not let through by .dockerignore")
        found = source / name.lstrip("/")
        if found.is_dir():
            shutil.copytree(found, to, symlinks=True, dirs_exist_ok=True)
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, to / found.name)


def _allowed(context: Path) -> list[str]:
    lines = (context / ".dockerignore").read_text().splitlines()
    return [line[1:] for line in lines if line.startswith("!")]
