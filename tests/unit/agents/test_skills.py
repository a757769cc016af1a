"""Skills in the ecosystem's format: https://agentskills.io/specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.skills import MOST_BYTES, MOST_HEAD_BYTES, InvalidSkill, is_skill_name, parse, told

WHOLE = """\
---
name: pdf-processing
description: Extract PDF text, fill forms. Use when handling PDFs.
license: Apache-2.0
compatibility: Requires Python 3.14+ and uv
metadata:
  author: example-org
  version: "1.0"
allowed-tools: Bash(git:*) Read
disable-model-invocation: true
---

# How

1. Read the file.
---
2. Fill the form.
"""
LEAST = "---\nname: a\ndescription: b\n---\n"


def skill(text: str, folder: str = "a"):
    return parse(text.encode(), folder)


def refusal(text: str | bytes, folder: str = "a") -> str:
    with pytest.raises(InvalidSkill) as refused:
        parse(text.encode() if isinstance(text, str) else text, folder)
    return str(refused.value)


def test_a_skill_is_what_its_file_says():
    read = skill(WHOLE, "pdf-processing")
    assert read.description == "Extract PDF text, fill forms. Use when handling PDFs."
    assert (read.license, read.compatibility) == ("Apache-2.0", "Requires Python 3.14+ and uv")
    assert read.metadata == {"author": "example-org", "version": "1.0"}
    assert read.allowed_tools == ("Bash(git:*)", "Read")
    assert read.instructions == "# How\n\n1. Read the file.\n---\n2. Fill the form."


def test_name_and_description_are_enough():
    read = skill(LEAST)
    assert (read.name, read.description, read.instructions) == ("a", "b", "")


def test_a_file_from_another_system_reads_alike():
    assert parse(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode(), "pdf-processing").name


def test_tools_may_be_a_list():
    assert skill(LEAST.replace("b\n", "b\nallowed-tools: [Read, Write]\n")).allowed_tools == (
        "Read", "Write",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: SKILL.md begins with a line `---`"),
        ("# Just words\n", "line 1: SKILL.md begins with a line `---`"),
        ("---\nname: a\n", "line 1: the line `---` that ends its fields is missing"),
        ("---\n---\nwords", "line 2: here are no fields"),
        ("---\n- a\n---\n", "line 2: here are no fields"),
        ("---\nname: a\n---\n", "line 1: `description` is missing"),
        ("---\nname: a\ndescription: ''\n---\n", "line 3: `description` is missing"),
        ("---\ndescription: b\n---\n", "line 1: `name` is missing"),
        ("---\ndescription: b\nname: A\n---\n", "line 3: 'A' cannot be a skill's name"),
        ("---\nname: a--b\ndescription: b\n---\n", "line 2: 'a--b' cannot be a skill's name"),
        ("---\nname: ../a\ndescription: b\n---\n", "line 2: '../a' cannot be a skill's name"),
        (
            "---\nname: b\ndescription: b\n---\n",
            "line 2: its folder is called 'a': rename the folder to 'b', or write `name: a`",
        ),
        ("---\nname: 5\ndescription: b\n---\n", "line 2: name: expected a text, not a number"),
        (f"---\nname: a\ndescription: {'x' * 1025}\n---\n", "line 3: `description` may have 1024"),
        (
            f"---\nname: a\ndescription: b\ncompatibility: {'x' * 501}\n---\n",
            "line 4: `compatibility` may have 500",
        ),
        ("---\nname: a\ndescription: b\nmetadata: [a]\n---\n", "line 4: `metadata` is a table"),
        ("---\nname: &n a\ndescription: *n\n---\n", "line 3: no aliases here (*n); write it out"),
        ("---\nname: !!python/name:os.system\n---\n", "line 2"),
        (f"---\nname: {'[' * 99}{']' * 99}\n---\n", "line 2: more than 64 levels deep"),
        (f"---\n# {'x' * MOST_HEAD_BYTES}\n---\n", "line 1: its fields have more than"),
    ],
)
def test_what_cannot_be_a_skill_is_told_with_its_line_and_remedy(text: str, said: str):
    told = refusal(text)
    assert told.startswith("SKILL.md")
    assert said in told


def test_a_value_with_a_colon_is_told_to_be_quoted():
    told = refusal("---\nname: a\ndescription: Use this when: always\n---\n")
    assert told.startswith("SKILL.md, line 3")
    assert told.endswith("a value with `: ` in it needs quotes")


def test_instructions_that_are_no_text_are_told_with_their_line():
    assert refusal(LEAST.encode() + b"fine\n\xff\n").startswith("SKILL.md, line 6: this is not UTF")


def test_a_huge_file_is_refused_before_it_is_looked_at():
    assert "move what is not always needed" in refusal(LEAST + "x" * MOST_BYTES)


@given(st.binary(max_size=300), st.text(max_size=10))
def test_whatever_a_file_holds_it_is_a_skill_or_refused(content: bytes, folder: str):
    try:
        read = parse(b"---\nname: a\ndescription: b\n" + content, folder)
    except InvalidSkill:
        return
    assert is_skill_name(read.name)
    assert read.name == folder


def test_a_model_is_told_the_instructions_and_what_else_there_is():
    words = told(skill(WHOLE, "pdf-processing"), ["a.md", "b.md"], tool="read_skill_file")
    assert "`pdf-processing`" in words
    assert "2. Fill the form." in words
    assert "`read_skill_file` reads the files that came with it: `a.md`, `b.md`." in words
    assert "read_skill_file" not in told(skill(LEAST), (), tool="read_skill_file")
    assert "and 10 more" in told(skill(LEAST), [f"{n}.md" for n in range(60)], tool="r")
