"""What an answer is made of: words that point at their question, and files."""

import asyncio
import threading

from channels.discord.format import render as discord
from gateway.calls import shown_title
from gateway.replies import LONG, files, words, words_in_time
from state.keys import SessionId
from state.messages import ChatKind, Part, Reply, StoredFile
from tests.unit.gateway.messages import message
from tests.unit.gateway.platform import Platform


def platform() -> Platform:
    there = Platform()
    there.can(text_limit=200, upload_limit=100)
    return there


def stored(size: int, title: str = "plan.pdf") -> StoredFile:
    return StoredFile(SessionId("s"), "f-1.pdf", title, "application/pdf", size)


def test_among_several_people_an_answer_points_at_its_question() -> None:
    asked = message(kind=ChatKind.GROUP, id="42")
    assert words(platform(), asked, Reply("yes")) == (Part("yes", "yes", reply_to="42"),)


def test_between_two_it_need_not() -> None:
    assert words(platform(), message(), Reply("yes")) == (Part("yes", "yes"),)


def test_files_are_parts_of_their_own() -> None:
    plan = stored(100)
    assert files(platform(), Reply("here", files=(plan,))) == (Part("", "plan.pdf", file=plan),)


def test_a_file_that_the_platform_does_not_take_is_named_instead() -> None:
    reply = Reply("here", files=(stored(101, "large.pdf"), stored(1, "small.pdf")))
    (part,) = words(platform(), message(), reply)
    assert part.text.startswith("here\n\n")
    assert "large.pdf" in part.text
    assert "small.pdf" not in part.text
    assert [each.plain for each in files(platform(), reply)] == ["small.pdf"]


def test_files_without_words_have_no_empty_part() -> None:
    assert words(platform(), message(), Reply(" ", files=(stored(1),))) == ()


def test_a_file_s_title_is_shown_as_it_is_and_in_one_line() -> None:
    title = "*a* <!channel> `b`\n\n# c.pdf" + "x" * 200
    (shown,) = discord(shown_title(title))
    assert "*a* <!channel> 'b' # c.pdf" in shown.plain
    assert len(shown.plain) < 100


class Slow(Platform):
    """A platform whose rendering waits until the loop has gone on: on the loop, it never would."""

    def __init__(self) -> None:
        super().__init__()
        self.went_on = threading.Event()

    def render(self, reply: Reply) -> tuple[Part, ...]:
        assert self.went_on.wait(10), "nothing else happens while this is rendered"
        return super().render(reply)


async def test_a_long_answer_is_rendered_while_everything_else_goes_on() -> None:
    there = Slow()
    asyncio.get_running_loop().call_soon(there.went_on.set)
    said = "word " * LONG
    parts = await words_in_time(there, message(), Reply(said))
    assert "".join(part.text for part in parts).split() == said.split()
