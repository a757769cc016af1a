"""``argent skills``: what agents were taught."""

from collections.abc import Sequence
from typing import Any

import click

from gateway.admin_errors import AdminError
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.text import table

Json = dict[str, Any]

_agent = click.option(
    "--agent", default="main", metavar="NAME", show_default=True, help="The agent that they are of."
)


@click.group(cls=Group, help="Skills: folders with a SKILL.md, as agentskills.io describes them.")
def skills() -> None:
    """The group."""


@skills.command("list")
@_agent
@click.pass_obj
def list_(invocation: Invocation, agent: str) -> None:
    """List the skills in skills/ and agents/NAME/skills/ of the state folder.

    Exits with 1 when one of them cannot be used.
    """
    found = _folders(invocation, agent).listed(agent)
    data = {"agent": agent, "skills": [_told(each) for each in found]}
    invocation.show("skills", data, _list)
    if any(each.skill is None for each in found):
        raise SystemExit(1)


def _list(data: Json) -> None:
    if not data["skills"]:
        out("No skills yet: make a folder skills/NAME with a SKILL.md in the state folder.")
        return
    rows = [
        (skill["name"], skill["description"] or f"cannot be used: {skill['problem']}")
        for skill in data["skills"]
    ]
    out("\n".join(table([(name, " ".join(words.split())) for name, words in rows], indent="")))


@skills.command()
@click.argument("name")
@_agent
@click.pass_obj
def show(invocation: Invocation, name: str, agent: str) -> None:
    """Show a skill: its fields, its files, and what the model is told."""
    folders = _folders(invocation, agent)
    found = folders.find(agent, name)
    if found is None:
        there = ", ".join(each.name for each in folders.listed(agent))
        hint = f"there are: {there}" if there else "`argent skills list` says where they go"
        raise AdminError("not_found", f"there is no skill {name!r}", hint)
    if found.skill is None:
        raise AdminError("unreadable", f"the skill {name} cannot be used: {found.problem}")
    data = _told(found) | {
        "instructions": found.skill.instructions,
        "license": found.skill.license,
        "compatibility": found.skill.compatibility,
        "metadata": dict(found.skill.metadata),
        "allowed_tools": list(found.skill.allowed_tools),
        "files": list(folders.files(found)),
    }
    invocation.show("skill", data, _show)


def _show(data: Json) -> None:
    rows = [("Name", data["name"]), ("Folder", data["folder"]), ("About", data["description"])]
    rows += [(name.title(), data[name]) for name in ("license", "compatibility") if data[name]]
    rows += sorted(data["metadata"].items())
    rows += _listed("Wants tools", data["allowed_tools"]) + _listed("Files", data["files"])
    out("\n".join(table([(f"{name}:", " ".join(str(v).split())) for name, v in rows], indent="")))
    if data["instructions"]:
        out(f"\n{data['instructions']}")


def _listed(name: str, values: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, ", ".join(values))] if values else []


def _told(found: Any) -> Json:
    skill = found.skill
    return {
        "name": found.name,
        "description": None if skill is None else skill.description,
        "own": found.own,
        "folder": str(found.folder),
        "problem": found.problem or None,
    }


def _folders(invocation: Invocation, agent: str) -> Any:
    from agents.skill_folders import SkillFolders
    from state.keys import is_account_name

    if not is_account_name(agent):
        raise AdminError("usage", f"{agent!r} is no agent's name: a-z, 0-9 and '-' only")
    return SkillFolders(invocation.state_dir)
