from pathlib import Path

import pytest

from agents.tools.files import file_tools
from agents.tools.tool import LONGEST_RESULT, Toolbox
from agents.transcript import ToolResult
from state.history import ToolCall


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "poem").write_text("roses are red\nviolets are blue\n")
    return folder


@pytest.fixture
def toolbox(folder: Path) -> Toolbox:
    return Toolbox(file_tools(folder))


async def call(toolbox: Toolbox, name: str, arguments: str) -> ToolResult:
    return await toolbox.call(ToolCall("call-0001", name, arguments))


async def test_a_file_is_read_and_parts_of_it_are_told_to_be_parts(toolbox: Toolbox) -> None:
    assert (await call(toolbox, "read", '{"path":"poem"}')).content == (
        "roses are red\nviolets are blue"
    )
    part = await call(toolbox, "read", '{"path":"/workspace/poem","first":2,"lines":1}')
    assert part.content == "violets are blue\n[lines 2 to 2 of 2]"
    assert (await call(toolbox, "read", '{"path":"poem","first":9}')).content == (
        "[the file has 2 lines]"
    )


async def test_a_long_file_is_read_as_far_as_a_model_is_shown(
    toolbox: Toolbox, folder: Path
) -> None:
    (folder / "long").write_text("".join(f"{n} {'x' * 90}\n" for n in range(5_000)))
    result = await call(toolbox, "read", '{"path":"long"}')
    assert len(result.content) <= LONGEST_RESULT
    assert result.content.endswith("of 5000]")


async def test_what_is_no_text_is_not_shown(toolbox: Toolbox, folder: Path) -> None:
    for data in (b"a\0b", b"\xff\xfe"):
        (folder / "binary").write_bytes(data)
        result = await call(toolbox, "read", '{"path":"binary"}')
        assert result.failed
        assert result.content == f"binary is no text ({len(data)} bytes)."


async def test_a_file_is_written_and_replaced(toolbox: Toolbox, folder: Path) -> None:
    first = await call(toolbox, "write", '{"path":"a/b","content":"one"}')
    assert first.content == "Wrote a/b (3 bytes)."
    again = await call(toolbox, "write", '{"path":"a/b","content":"two"}')
    assert again.content == "Replaced a/b (3 bytes)."
    assert (folder / "a" / "b").read_text() == "two"


async def test_a_conversation_keeps_no_second_copy_of_a_long_file(toolbox: Toolbox) -> None:
    content = "x" * 5_000
    result = await call(toolbox, "write", f'{{"path":"a","content":"{content}"}}')
    assert result.arguments is not None
    assert len(result.arguments) < 1_000


async def test_a_piece_of_text_is_replaced(toolbox: Toolbox, folder: Path) -> None:
    done = await call(toolbox, "edit", '{"path":"poem","old":"red","new":"grey"}')
    assert done.content == "Changed poem in 1 place."
    every = await call(toolbox, "edit", '{"path":"poem","old":"are","new":"were","every":true}')
    assert every.content == "Changed poem in 2 places."
    assert (folder / "poem").read_text() == "roses were grey\nviolets were blue\n"


@pytest.mark.parametrize(
    ("old", "why"), [("green", "does not hold that text"), ("are", "holds that text 2 times")]
)
async def test_a_piece_that_is_not_there_once_is_not_replaced(
    toolbox: Toolbox, folder: Path, old: str, why: str
) -> None:
    before = (folder / "poem").read_text()
    result = await call(toolbox, "edit", f'{{"path":"poem","old":"{old}","new":"x"}}')
    assert result.failed
    assert why in result.content
    assert (folder / "poem").read_text() == before


async def test_a_folder_is_listed(toolbox: Toolbox, folder: Path) -> None:
    (folder / "notes").mkdir()
    (folder / "link").symlink_to("poem")
    assert (await call(toolbox, "list", "{}")).content == ("link  (link)\nnotes/\npoem  31 bytes")
    assert (await call(toolbox, "list", '{"path":"notes"}')).content == "[the folder is empty]"


async def test_words_are_found_in_files(toolbox: Toolbox, folder: Path) -> None:
    (folder / "notes").mkdir()
    (folder / "notes" / "one.md").write_text("nothing\n  Blue sky  \n")
    (folder / "notes" / "two.py").write_text("blue = 1\n")
    (folder / "notes" / "binary").write_bytes(b"blue\0")
    found = await call(toolbox, "search", '{"words":"blue"}')
    assert found.content == (
        "notes/one.md:2: Blue sky\nnotes/two.py:1: blue = 1\npoem:2: violets are blue"
    )
    few = await call(toolbox, "search", '{"words":"blue","path":"notes","names":"*.py"}')
    assert few.content == "notes/two.py:1: blue = 1"
    none = await call(toolbox, "search", '{"words":"BLUE","case":true}')
    assert none.content == "[nothing was found]"


async def test_a_search_that_finds_too_much_says_that_there_is_more(
    toolbox: Toolbox, folder: Path
) -> None:
    (folder / "many").write_text("word\n" * 1_000)
    found = (await call(toolbox, "search", '{"words":"word"}')).content.splitlines()
    assert len(found) == 201
    assert "more" in found[-1]


async def test_links_are_not_searched_through(toolbox: Toolbox, folder: Path) -> None:
    (folder / "round").symlink_to(folder)
    (folder / "out").symlink_to("/etc")
    assert (await call(toolbox, "search", '{"words":"root:"}')).content == "[nothing was found]"


def test_only_what_changes_files_waits_for_approval(folder: Path) -> None:
    guarded = {tool.spec.name for tool in file_tools(folder) if tool.guarded}
    assert guarded == {"write", "edit"}
    foreign = {tool.spec.name for tool in file_tools(folder, foreign=True) if tool.foreign}
    assert foreign == {"read", "list", "search"}


@pytest.mark.parametrize("name", ["read", "write", "edit", "list", "search"])
async def test_no_tool_leaves_the_workspace(toolbox: Toolbox, name: str) -> None:
    more = {
        "read": "", "list": "", "write": ',"content":"x"', "edit": ',"old":"a","new":"b"',
        "search": ',"words":"root"',
    }  # fmt: skip
    result = await call(toolbox, name, f'{{"path":"../../etc/passwd"{more[name]}}}')
    assert result.failed
    assert "outside your workspace" in result.content
