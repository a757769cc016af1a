"""What ``/model``, ``/skill``, ``/tools`` and ``/prompt`` show, in Markdown. Pure."""

from collections.abc import Collection, Sequence
from itertools import chain, zip_longest

from agents.models.model import ToolSpec
from agents.models.registry import Listing
from agents.skill_folders import Found
from agents.tools.tool import is_allowed
from gateway.profiles import CHOSEN, Profile

MOST_MODELS = 20
MOST_SKILLS = 30
MOST_TOOLS = 60
MOST_BUTTONS = 4
_LONGEST_LINE = 120
_BREAK = "  \n"
"""Two spaces break a line, too, and are not seen in a terminal, which shows Markdown as it is."""


def source(profile: Profile, name: str) -> str:
    """Where a setting of a session comes from, in words."""
    where = profile.sources.get(name)
    if where is None:
        return f"as the agent `{profile.agent}` has it"
    return "chosen here" if where == CHOSEN else f"set by `{where}`"


def some_models(listings: Sequence[Listing], current: str) -> tuple[tuple[str, ...], int]:
    """A few of every provider's models but the one in use, and how many more there are."""
    turns = chain.from_iterable(zip_longest(*(listing.models for listing in listings)))
    others = [model for model in turns if model is not None and model != current]
    shown = set(others[:MOST_MODELS])
    ordered = tuple(m for listing in listings for m in listing.models if m in shown)
    return ordered, len(others) - len(shown)


def models_text(profile: Profile, current: str, shown: Sequence[str], more: int) -> str:
    """The model in use, where that comes from, and what else there is."""
    lines = [f"Model: `{current}`, {source(profile, 'model')}"]
    if shown:
        lines.append(f"There is also: {', '.join(f'`{_plain(model)}`' for model in shown)}")
        if more:
            lines.append(f"… and {more} more")
    lines.append("`/model NAME` chooses one for this conversation; `/model default` none.")
    return _BREAK.join(lines)


def skills_text(profile: Profile, found: Sequence[Found], *, problems: bool) -> str:
    """The skill in use and those that there are; those that do not read only with `problems`."""
    skill = profile.settings.skill
    lines = [f"Skill: {f'`{skill}`' if skill else 'none'}, {source(profile, 'skill')}"]
    for each in found[:MOST_SKILLS]:
        if each.skill is not None:
            lines.append(f"`{each.name}` – {_short(each.skill.description)}")
        elif problems:
            lines.append(f"`{_plain(each.name)}` can't be used: {_short(each.problem)}")
    if len(found) > MOST_SKILLS:
        lines.append(f"… and {len(found) - MOST_SKILLS} more")
    lines.append(
        "`/skill NAME` chooses one for this conversation, `/skill off` none, `/skill default` "
        "takes the choice back."
        if found
        else "There are no skills yet."
    )
    return _BREAK.join(lines)


def tools_text(profile: Profile, known: Sequence[ToolSpec]) -> str:
    """Every tool, and whether it is used."""
    allowed = profile.settings.tools
    lines = [f"Tools: {patterns(allowed)}, {source(profile, 'tools')}"]
    for tool in known[:MOST_TOOLS]:
        used = "" if is_allowed(tool.name, allowed) else " (not used)"
        lines.append(f"`{tool.name}`{used} – {_short(tool.description)}")
    if len(known) > MOST_TOOLS:
        lines.append(f"… and {len(known) - MOST_TOOLS} more")
    lines.append(
        "`/tools a,b` lets only these be used here (`*` stands for anything), `/tools all`, "
        "`/tools none`; `/tools default` takes the choice back."
    )
    return _BREAK.join(lines)


def prompt_text(profile: Profile) -> str:
    """What the model is told before every conversation."""
    quoted = "\n".join(f"> {line}" for line in profile.settings.system_prompt.splitlines())
    return (
        f"The prompt, {source(profile, 'system_prompt')}:\n\n{quoted or '> (nothing)'}\n\n"
        "`/prompt TEXT` sets another one here; `/prompt default` takes it back."
    )


def patterns(allowed: Collection[str] | None) -> str:
    """Which tools or servers may be used, in words."""
    if allowed is None or "*" in allowed:
        return "all"
    return ", ".join(f"`{each}`" for each in allowed) or "none"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isprintable() and character != "`")
