"""Skills: what an owner taught the agent, each a folder with a ``SKILL.md``. Pure.

The format is https://agentskills.io/specification: YAML between two lines ``---``, then Markdown
that the model is told. Fields that are not described there are left alone, as other programs do.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from state.codec import Fields, InvalidValue
from state.codec.yaml_text import load

SKILL_FILE = "SKILL.md"

MOST_BYTES = 256_000
"""Bytes of a ``SKILL.md``. It is told whole, and its format recommends 5,000 tokens at most."""

MOST_HEAD_BYTES = 32_000
"""Bytes of its YAML; the fields that are described fit in far less."""

MOST_NAMED = 50
"""Other files of a skill that the model is told of; it can be told of more in the instructions."""

_LONGEST_NAME = 64
_LONGEST_DESCRIPTION = 1_024
_LONGEST_COMPATIBILITY = 500
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FENCE = re.compile(rb"^---[ \t]*\r?$", re.MULTILINE)


class InvalidSkill(ValueError):
    """A skill that cannot be used; the message names the file, the line and the remedy."""


@dataclass(frozen=True, slots=True)
class Skill:
    """What a ``SKILL.md`` says. `allowed_tools` is shown and allows nothing: settings do that."""

    name: str
    description: str
    instructions: str
    license: str | None = None
    compatibility: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    allowed_tools: tuple[str, ...] = ()


def is_skill_name(name: str) -> bool:
    """Whether a skill, and so its folder, may be called that."""
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def parse(content: bytes, folder: str) -> Skill:
    """The skill of a ``SKILL.md`` in a folder of this name. Raises `InvalidSkill`."""
    if len(content) > MOST_BYTES:
        raise InvalidSkill(
            f"{SKILL_FILE} has more than {MOST_BYTES} bytes: move what is not always needed to "
            "files beside it"
        )
    head, body = _parted(content.removeprefix(b"\xef\xbb\xbf"))
    given = _Given(_loaded(head), head.decode(errors="replace"))
    return Skill(
        name=given.name(folder),
        description=given.text("description", most=_LONGEST_DESCRIPTION),
        instructions=_decoded(body, head).strip(),
        license=given.maybe_text("license"),
        compatibility=given.maybe_text("compatibility", most=_LONGEST_COMPATIBILITY),
        metadata=given.metadata(),
        allowed_tools=given.tools(),
    )


def told(skill: Skill, files: Sequence[str], *, tool: str) -> str:
    """What a model is told of the skill it works with; `tool` reads its other `files`."""
    lines = [f"You work with the skill `{skill.name}`: {' '.join(skill.description.split())}"]
    if skill.instructions:
        lines.append(f"Its instructions:\n\n{skill.instructions}")
    if files:
        named = ", ".join(f"`{name}`" for name in files[:MOST_NAMED])
        more = f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
        lines.append(f"`{tool}` reads the files that came with it: {named}{more}.")
    return "\n\n".join(lines)


def _parted(content: bytes) -> tuple[bytes, bytes]:
    """The YAML with the line before it, so that its parser counts as the file does; the rest."""
    begins = _FENCE.match(content)
    if begins is None:
        raise _at(1, f"{SKILL_FILE} begins with a line `---`, then `name:` and `description:`")
    ends = _FENCE.search(content, begins.end())
    if ends is None:
        raise _at(1, "the line `---` that ends its fields is missing")
    if ends.start() > MOST_HEAD_BYTES:
        raise _at(1, f"its fields have more than {MOST_HEAD_BYTES} bytes: move text below them")
    return content[: ends.start()], content[ends.end() :]


def _loaded(head: bytes) -> dict[str, Any]:
    try:
        fields = load(head)
    except InvalidValue as error:
        remedy = "a value with `: ` in it needs quotes" if "mapping values" in str(error) else ""
        raise InvalidSkill(f"{SKILL_FILE}, {error}{'; ' if remedy else ''}{remedy}") from error
    if not isinstance(fields, dict):
        raise _at(2, "here are no fields: write `name: …` and `description: …`")
    return fields


def _decoded(body: bytes, head: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = (head + body[: error.start]).count(b"\n") + 1
        raise _at(line, "this is not UTF-8: save the file as UTF-8") from error


def _at(line: int, problem: str) -> InvalidSkill:
    return InvalidSkill(f"{SKILL_FILE}, line {line}: {problem}")


class _Given:
    """The fields as they were written; what is wrong is refused with its line."""

    def __init__(self, fields: dict[str, Any], head: str) -> None:
        self._fields = Fields(fields)
        self._lines = head.splitlines()

    def name(self, folder: str) -> str:
        name = self.text("name", most=_LONGEST_NAME)
        if not is_skill_name(name):
            rule = "a-z, 0-9 and single '-' between them"
            raise self._wrong("name", f"{name!r} cannot be a skill's name: {rule}")
        if name != folder:
            remedy = f"rename the folder to {name!r}, or write `name: {folder}`"
            raise self._wrong("name", f"its folder is called {folder!r}: {remedy}")
        return name

    def text(self, field: str, *, most: int) -> str:
        text = self.maybe_text(field, most=most)
        if not text:
            raise self._wrong(field, f"`{field}` is missing: write `{field}: …`")
        return text

    def maybe_text(self, field: str, *, most: int | None = None) -> str | None:
        try:
            text = self._fields.maybe_text(field)
        except InvalidValue as error:
            raise self._wrong(field, f"{error}; put the value in quotes") from error
        text = text and text.strip()
        if most is not None and len(text or "") > most:
            raise self._wrong(field, f"`{field}` may have {most} characters: shorten it")
        return text

    def metadata(self) -> dict[str, str]:
        given = self._fields.value("metadata")
        if given is None:
            return {}
        if not isinstance(given, dict):
            raise self._wrong("metadata", "`metadata` is a table: write `key: value` lines in it")
        return {str(name): str(value) for name, value in given.items()}

    def tools(self) -> tuple[str, ...]:
        given = self._fields.value("allowed-tools")
        try:
            if isinstance(given, str):
                return tuple(given.split())
            return self._fields.texts("allowed-tools")
        except InvalidValue as error:
            raise self._wrong("allowed-tools", f"{error}, or a text of names") from error

    def _wrong(self, field: str, problem: str) -> InvalidSkill:
        numbers = [n for n, line in enumerate(self._lines, 1) if line.startswith(f"{field}:")]
        return _at(numbers[0] if numbers else 1, problem)
