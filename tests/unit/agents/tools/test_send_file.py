"""A model gives people a file: kept, sent with the answer, and remembered in short."""

import asyncio

import orjson
import pytest

from agents.models.model import ModelAnswer
from agents.tools.send_file import LARGEST, MOST_FILES, FileSender, displayed, type_of
from agents.tools.tool import Toolbox
from agents.transcript import AssistantSays, ToolResult, ToolsSay
from agents.turn import CallTools, Turn
from state.history import ToolCall
from state.messages import StoredFile
from state.store import StorageFull


class Shelf:
    """Keeps files, or refuses to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.kept: dict[str, tuple[str, bytes]] = {}
        self._error = error

    async def keep(self, title: str, mime: str, content: bytes) -> StoredFile:
        # Others begin meanwhile.
        await asyncio.sleep(0)
        if self._error is not None:
            raise self._error
        self.kept[title] = (mime, content)
        return StoredFile("s", f"out-{len(self.kept)}.x", title, mime, len(content))


def a_call(name: str, content: str, number: int = 1) -> ToolCall:
    return ToolCall(
        f"call-{number}", "send_file", orjson.dumps({"name": name, "content": content}).decode()
    )


async def send(sender: FileSender, *calls: ToolCall) -> list[ToolResult]:
    box = Toolbox([sender.tool])
    return list(await asyncio.gather(*(box.call(call) for call in calls)))


async def test_a_file_is_kept_and_goes_out_with_the_answer() -> None:
    shelf = Shelf()
    sender = FileSender(shelf.keep)
    (result,) = await send(sender, a_call("table.csv", "a;ü\n"))
    assert not result.failed
    assert shelf.kept == {"table.csv": ("text/csv", "a;ü\n".encode())}
    assert [file.title for file in sender.files] == ["table.csv"]


async def test_a_turn_sends_only_so_many_files_also_at_once() -> None:
    sender = FileSender(Shelf().keep)
    calls = [a_call(f"{n}.txt", "x", n) for n in range(MOST_FILES + 2)]
    results = await send(sender, *calls)
    assert [result.failed for result in results] == [False] * MOST_FILES + [True] * 2
    assert len(sender.files) == MOST_FILES


async def test_a_file_that_the_platform_would_not_take_is_not_made() -> None:
    shelf = Shelf()
    sender = FileSender(shelf.keep, largest=10)
    (result,) = await send(sender, a_call("a.txt", "ü" * 6))
    assert result.failed
    assert "at most 10 bytes" in result.content
    assert shelf.kept == {}


async def test_a_full_disk_is_told_to_the_model_and_spends_no_file() -> None:
    sender = FileSender(Shelf(StorageFull("disk full at /secret/place")).keep)
    (result,) = await send(sender, a_call("a.txt", "x"))
    assert result.failed
    assert "secret" not in result.content
    assert sender.files == ()


async def test_the_conversation_does_not_keep_a_second_copy_of_a_long_file() -> None:
    sender = FileSender(Shelf().keep)
    call = a_call("a.txt", "words " * 10_000)
    turn = Turn((), 4).answered(ModelAnswer("", (call,)))
    assert isinstance(turn.next, CallTools)
    turn = turn.called(await send(sender, call))
    asked, results = turn.said
    assert isinstance(asked, AssistantSays)
    assert isinstance(results, ToolsSay)
    remembered = orjson.loads(asked.calls[0].arguments)
    assert remembered["name"] == "a.txt"
    assert remembered["content"].startswith("words words")
    assert len(remembered["content"]) < 1_000


async def test_a_short_file_is_remembered_as_it_was_written() -> None:
    call = a_call("a.txt", "short")
    (result,) = await send(FileSender(Shelf().keep), call)
    assert result.arguments is None


async def test_arguments_that_do_not_fit_and_are_long_are_not_remembered() -> None:
    call = ToolCall("call-1", "send_file", '{"content":"%s"}' % ("x" * (LARGEST - 100)))
    (result,) = await send(FileSender(Shelf().keep), call)
    assert result.failed
    assert result.arguments == "{}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("table.csv", "table.csv"),
        ("Übersicht 2026.md", "Übersicht 2026.md"),
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("..", "file.txt"),
        ("/", "file.txt"),
        (".env", "env.txt"),
        ("a\x00b\n\u202egpj.exe", "abgpj.exe"),
        ("\ud800.txt", "?.txt"),
        ("noextension", "noextension.txt"),
    ],
)
def test_names_are_shown_without_paths_and_tricks(name: str, shown: str) -> None:
    assert displayed(name) == shown


def test_a_long_name_keeps_its_extension() -> None:
    shown = displayed(f"{'x' * 500}.json")
    assert len(shown) < 130
    assert shown.endswith(".json")


def test_a_file_is_what_its_extension_says_or_plain_text() -> None:
    assert type_of("a.JSON") == "application/json"
    assert type_of("a.exe") == "text/plain"
