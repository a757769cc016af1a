"""docs/settings.md and the names that Tab offers, both made from the settings' models.

``python -m tests.architecture.settings_reference`` writes them.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from gateway.cli.completing import NAMES
from gateway.config_reference import Described, reference
from tests.architecture.generated import Generated

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
PLACE = Generated(
    PAGE,
    begin="<!-- reference: made by `python -m tests.architecture.settings_reference` -->",
    end="<!-- end of the reference -->",
)
TITLES = {
    "agents.defaults": "Every agent",
    "rules.*": "Rules: which agent answers where, and with what",
    "session.*": "One session, by its key or id",
    "people.*": "Persons with several accounts",
    "mcp.*": "MCP servers",
    "channels.*": "Accounts on any platform",
    "channels.telegram": "Telegram",
    "channels.discord": "Discord",
    "channels.slack": "Slack",
}
_LONGEST = 60


def sections() -> Iterator[tuple[str, list[Described]]]:
    """Each table of the settings file, in the order of the reference."""
    described = [each for each in reference() if each.path[:2] != ("agents", "*")]
    for section, found in groupby(described, lambda each: ".".join(each.path[:-1])):
        yield section, list(found)


def page() -> str:
    """The reference as Markdown."""
    blocks = []
    for section, described in _joined(sections()):
        title = TITLES.get(section)
        blocks.append(f"## `[{section}]`{f': {title}' if title else ''}")
        blocks.append(_table(described))
    return "\n\n".join(blocks)


def names() -> str:
    """A line for each setting: its name, what can be chosen, and its meaning."""
    lines = []
    for each in reference():
        choices = each.type.replace("`", "").replace(",", "") if "`" in each.type else ""
        choices = "true false" if each.type == "true or false" else choices
        meaning = each.meaning.partition(". ")[0].partition(": ")[0].rstrip(".")
        lines.append(f"{each.name}\t{choices}\t{meaning}\n")
    return "".join(lines)


def _joined(found: Iterable[tuple[str, list[Described]]]) -> Iterator[tuple[str, list[Described]]]:
    """A table whose settings stand around those of an inner one is shown once."""
    tables: dict[str, list[Described]] = {}
    for section, described in found:
        tables.setdefault(section, []).extend(described)
    yield from tables.items()


def _table(described: Iterable[Described]) -> str:
    lines = [
        "| setting | type | default | meaning | variable | a change |",
        "|---|---|---|---|---|---|",
    ]
    for each in described:
        of = f", in {each.unit}" if each.unit else ""
        variables = ", ".join(f"`{name}`" for name in reversed(each.variables))
        cells = [
            f"`{each.path[-1]}`", f"{each.type}{of}", _default(each), each.meaning, variables,
            str(each.effect),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def _default(each: Described) -> str:
    if each.needed:
        return "required"
    if each.default is None:
        return "–"
    written = json.dumps(each.default, ensure_ascii=False)
    return f"`{written}`" if len(written) <= _LONGEST else f"`{written[:_LONGEST]}…`"


def written() -> str:
    """The reference as the page has it."""
    return PLACE.written()


def write() -> None:
    """Put the reference into the page, and the names beside the completion."""
    PLACE.write(page())
    NAMES.write_text(names(), encoding="utf-8")


if __name__ == "__main__":
    write()
