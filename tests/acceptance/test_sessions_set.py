"""What one session is set to, and skills, as real processes."""

import pytest

from tests.acceptance.test_cli import TERMINAL, Argent, argent, running, talked
from tests.unit.agents.test_skill_folders import write

__all__ = ["argent", "running", "talked"]

pytestmark = pytest.mark.acceptance


def settings(argent: Argent, **environ: str) -> dict[str, tuple[object, str]]:
    """Every setting of the session that is not its agent's, with its source."""
    facts = argent.data("sessions", "info", TERMINAL, **environ)
    return {each["name"]: (each["value"], each["source"]) for each in facts["settings"]}


def test_a_session_is_set_without_a_gateway_and_says_so(talked):
    write(talked.state / "skills" / "letters")
    told = talked.ok("sessions", "set", TERMINAL, "skill=letters", "options.seed=7", "tools=none")
    assert f"{TERMINAL}: skill = letters\n" in told
    assert talked.ok("sessions", "rename", TERMINAL, "A trip")
    assert settings(talked) == {
        "skill": ("letters", "chosen"), "options": ({"seed": 7}, "chosen"), "tools": ([], "chosen"),
    }  # fmt: skip
    shown = talked.ok("sessions", "info", TERMINAL)
    assert "Title:        A trip\n" in shown
    assert "skill    letters  chosen\n" in shown
    talked.ok("sessions", "set", TERMINAL, "skill=", "options.seed=", "tools=")
    assert settings(talked) == {}


def test_what_cannot_be_set_is_told_and_nothing_is(talked):
    error = talked.refused(2, "sessions", "set", TERMINAL, "title=Trip", "modle=x")
    assert (error["code"], error["hint"]) == ("usage", "nothing was changed")
    assert talked.refused(5, "sessions", "set", TERMINAL, "skill=none-such")["code"] == "not_found"
    assert talked.refused(5, "sessions", "set", "telegram:5:main", "title=x")["code"] == "not_found"
    assert talked.data("sessions", "info", TERMINAL)["title"] == "Hello there"


def test_a_choice_goes_before_what_is_configured_and_both_are_told(talked):
    alone = {"ARGENT_SESSION__TERMINAL_LOCAL_MAIN__SYSTEM_PROMPT": "Be brief.",
             "ARGENT_SESSION__TERMINAL_LOCAL_MAIN__MODEL": "offline"}  # fmt: skip
    talked.ok("sessions", "set", TERMINAL, "system_prompt=Be long.")
    assert settings(talked, **alone) == {
        "system_prompt": ("Be long.", "chosen"),
        "model": ("offline", "session.terminal-local-main"),
    }


def test_facts_are_shown_where_the_settings_cannot_be_read(talked):
    (talked.state / "argent.toml").write_text("[nonsense]\n")
    done = talked.run("sessions", "info", TERMINAL)
    assert done.returncode == 0
    assert "Messages:     2\n" in done.stdout
    assert "what it is set to is not shown" in done.stderr


def test_a_running_gateway_sets_a_session_and_remembers_it(running):
    write(running.state / "skills" / "letters")
    running.ok("ask", "Hello there")
    running.ok("sessions", "set", TERMINAL, "skill=letters", "model=offline", "title=Trip")
    error = running.refused(5, "sessions", "set", TERMINAL, "tools=nothing_like_it", "title=x")
    assert "There is no tool nothing_like_it." in error["message"]
    running.ok("ask", "Go on")
    assert "Skill: `letters`, chosen here" in running.ok("ask", "/status")
    assert running.data("sessions", "info", TERMINAL)["title"] == "Trip"


def test_skills_are_listed_and_shown_with_their_problems(argent):
    assert "No skills yet" in argent.ok("skills", "list")
    write(argent.state / "skills" / "letters", "Sign them.")
    write(argent.state / "agents" / "family" / "skills" / "letters", "Love.")
    assert argent.ok("skills", "list") == "letters  About it.\n"
    assert "Sign them." in argent.ok("skills", "show", "letters")
    own = argent.data("skills", "show", "letters", "--agent", "family")
    assert (own["instructions"], own["own"]) == ("Love.", True)
    write(argent.state / "skills" / "odd", name="even")
    listed = argent.run("skills", "list")
    assert listed.returncode == 1
    assert "odd      cannot be used: SKILL.md, line 2: its folder is called 'odd'" in listed.stdout
    assert argent.refused(1, "skills", "show", "odd")["code"] == "unreadable"
    assert argent.refused(5, "skills", "show", "nope")["hint"] == "there are: letters, odd"
    assert argent.refused(2, "skills", "list", "--agent", "../main")["code"] == "usage"
