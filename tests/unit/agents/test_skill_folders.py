"""Skills in folders: an agent's own before everybody's, read again when they change."""

import os
from pathlib import Path

import pytest

from agents.skill_folders import SkillFolders


def write(folder: Path, words: str = "Do it.", *, name: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = f"---\nname: {name or folder.name}\ndescription: About it.\n---\n{words}\n"
    (folder / "SKILL.md").write_text(text)
    return folder


@pytest.fixture
def skills(tmp_path: Path) -> SkillFolders:
    write(tmp_path / "skills" / "letters")
    write(tmp_path / "skills" / "news", "Everybody's news.")
    write(tmp_path / "agents" / "family" / "skills" / "news", "The family's news.")
    return SkillFolders(tmp_path)


def names(skills: SkillFolders, agent: str) -> list[tuple[str, bool]]:
    return [(found.name, found.own) for found in skills.listed(agent)]


def test_an_agents_own_skill_goes_before_everybodys(skills: SkillFolders):
    assert names(skills, "main") == [("letters", False), ("news", False)]
    assert names(skills, "family") == [("letters", False), ("news", True)]


async def test_a_chosen_skill_brings_its_instructions(skills: SkillFolders):
    everybodys, own = await skills.open("main", "news"), await skills.open("family", "news")
    assert everybodys is not None
    assert own is not None
    assert "Everybody's news." in everybodys.instructions
    assert "The family's news." in own.instructions
    assert everybodys.tools == ()


async def test_a_changed_skill_is_read_again(skills: SkillFolders, tmp_path: Path):
    await skills.open("main", "news")
    write(tmp_path / "skills" / "news", "Newer news, and longer.")
    opened = await skills.open("main", "news")
    assert opened is not None
    assert "Newer news" in opened.instructions


async def test_a_broken_skill_is_listed_with_its_problem_and_not_used(
    skills: SkillFolders, tmp_path: Path
):
    write(tmp_path / "skills" / "odd", name="even")
    (tmp_path / "skills" / "empty").mkdir()
    (tmp_path / "skills" / "notes.txt").write_text("no skill")
    (tmp_path / "skills" / ".git").mkdir()
    problems = {found.name: found.problem for found in skills.listed("main") if not found.skill}
    assert problems.keys() == {"odd", "empty"}
    assert problems["odd"].startswith("SKILL.md, line 2: its folder is called 'odd'")
    assert problems["empty"] == "it has no SKILL.md: write one, or remove the folder"
    assert await skills.open("main", "odd") is None
    assert await skills.open("main", "empty") is None
    write(tmp_path / "skills" / "odd")
    assert await skills.open("main", "odd") is not None


def test_a_broken_skill_of_its_own_hides_everybodys(skills: SkillFolders, tmp_path: Path):
    (tmp_path / "agents" / "family" / "skills" / "news" / "SKILL.md").write_text("nothing")
    found = skills.find("family", "news")
    assert found is not None
    assert found.skill is None


def test_a_pipe_keeps_nobody_waiting(skills: SkillFolders, tmp_path: Path):
    (tmp_path / "skills" / "pipe").mkdir()
    os.mkfifo(tmp_path / "skills" / "pipe" / "SKILL.md")
    found = skills.find("main", "pipe")
    assert found is not None
    assert found.problem == "SKILL.md is no file"


@pytest.mark.parametrize("name", ["../skills/news", "news/", "", ".", "/etc", "NEWS", "no-such"])
def test_only_a_skills_name_leads_to_one(skills: SkillFolders, name: str):
    assert skills.find("main", name) is None


def test_where_there_are_no_folders_there_are_no_skills(tmp_path: Path):
    assert SkillFolders(tmp_path / "nowhere").listed("main") == ()


async def test_the_files_beside_it_are_named_and_can_be_read(skills: SkillFolders, tmp_path: Path):
    folder = tmp_path / "skills" / "news"
    (folder / "references").mkdir()
    (folder / "references" / "sources.md").write_text("The evening paper.")
    (folder / ".hidden").write_text("x")
    opened = await skills.open("main", "news")
    assert opened is not None
    assert "`references/sources.md`." in opened.instructions
    (tool,) = opened.tools
    arguments = tool.parsed('{"path": "references/sources.md"}')
    assert await tool.run(arguments) == "The evening paper."
