"""Whatever a model writes: it reaches people as words, whole, and calls nobody."""

import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from channels.channel import Condition
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import bots, discord_account, slack_account, telegram_account
from tests.flows.stage import Stage
from tests.flows.test_three_platforms import until

HOSTILE = """\
alpha <!channel> bravo <!here> charlie @everyone delta @here echo <@U123> foxtrot <#C1> golf
<@123456789> hotel <@!123456789> india <@&123456789> juliet <@{someone}> kilo <!subteam^S1> lima

mike <b>november</b> <script>oscar()</script> &lt;!channel&gt; papa &#60;@{someone}&#62; quebec

romeo \x00 sierra \x07 tango \x1b[31m uniform \x9b victor \u202e whiskey \u2066 x-ray \ud800 yankee

[zulu](tg://user?id={someone}) [one](slack://user?id=U123) [two](javascript:x) `<!here>` three

```
<!channel> @everyone <@{someone}> four
```
"""
WORDS = re.findall(
    r"[a-z-]+",
    """
    alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar
    papa quebec romeo sierra tango uniform victor whiskey x-ray yankee zulu one two three four
""",
)
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What shows as nothing, or turns what stands around it."""

_CODE = re.compile("```.*?```|`.*?`", re.DOTALL)
"""In code, Discord makes no mention of anything."""

_PARTED = str.maketrans("", "", "\u200b\\")


@dataclass(frozen=True)
class Party:
    """Somebody on a platform who asks, in company, and what they are sent.

    `says` writes to the bot and `hears` gives the words of so many answers as they are shown.
    """

    id: str
    says: Callable[[str], Coroutine[Any, Any, Any]]
    hears: Callable[[int], Coroutine[Any, Any, list[str]]]
    called: Callable[[], list[Any]]
    """Everybody whom an answer has notified, or named so that a click leads to them."""


@asynccontextmanager
async def on_telegram(folder: Path) -> AsyncIterator[tuple[Stage, Party]]:
    async with (
        TelegramEmulator() as tg,
        bots(folder, {"telegram": telegram_account(tg)}) as argent,
    ):
        alice = tg.user("Alice")

        async def hears(count: int) -> list[str]:
            return [sent.text for sent in await alice.hears(count, timeout=30)]

        def called() -> list[Any]:
            kinds = {"mention", "text_mention"}
            links = [e for sent in tg.record for e in sent.entities if e["type"] in kinds]
            return links + [s.source for s in tg.record if "tg://" in _tags(s.source)]

        yield argent, Party(str(alice.id), alice.says, hears, called)


@asynccontextmanager
async def on_discord(folder: Path) -> AsyncIterator[tuple[Stage, Party]]:
    async with (
        DiscordEmulator() as dc,
        bots(folder, {"discord": discord_account(dc)}) as argent,
    ):
        alice, room = dc.user("Alice"), dc.guild("Team").channel("general")
        await until(argent, "discord", Condition.HEALTHY)

        async def says(text: str) -> None:
            await alice.says(f"<@{dc.bot.id}> {text}", in_=room)

        async def hears(count: int) -> list[str]:
            sent = await alice.hears(count, in_=room, timeout=30)
            return [each.text.translate(_PARTED) for each in sent]

        def called() -> list[Any]:
            nobody = {"parse": [], "replied_user": False}
            words = [_CODE.sub("", sent.text) for sent in dc.record]
            return [
                *(ping for sent in dc.record for ping in sent.pings),
                *(user for sent in dc.record for user in room.messages[sent.message]["mentions"]),
                *(s.body for s in dc.record if s.body["allowed_mentions"] != nobody),
                *(each for each in words if re.search("<[@#]|@everyone|@here", each)),
            ]

        yield argent, Party(str(alice.id), says, hears, called)


@asynccontextmanager
async def on_slack(folder: Path) -> AsyncIterator[tuple[Stage, Party]]:
    async with (
        SlackEmulator() as sl,
        bots(folder, {"slack": slack_account(sl, reply_in_thread=False)}) as argent,
    ):
        alice, room = sl.user("Alice"), sl.channel("general")
        await until(argent, "slack", Condition.HEALTHY)

        async def says(text: str) -> None:
            await alice.says(f"@argent {text}", in_=room)

        async def hears(count: int) -> list[str]:
            return [sent.text for sent in await alice.hears(count, in_=room, timeout=30)]

        def called() -> list[Any]:
            return [
                *(ping for sent in sl.record for ping in sent.pings),
                # The words for notifications are a second text, with a meaning of its own.
                *(sent.source for sent in sl.record if re.search("<[!@#]", sent.source)),
            ]

        yield argent, Party(alice.id, says, hears, called)


PLATFORMS = pytest.mark.parametrize("platform", [on_telegram, on_discord, on_slack])


@PLATFORMS
async def test_hostile_words_call_nobody_and_are_all_there(platform: Any, tmp_path: Path) -> None:
    async with platform(tmp_path) as (argent, alice):
        argent.model.will(HOSTILE.format(someone=alice.id), "a plain answer")
        await alice.says("go on")
        (heard,) = await alice.hears(1)
        assert [word for word in WORDS if not re.search(rf"\b{word}\b", heard)] == []
        assert in_order(WORDS, heard)
        assert UNSEEN.findall(heard) == []
        assert heard.count("channel") >= 3, "what was written is to be read"
        assert alice.called() == []
        await alice.says("and now?")
        assert await alice.hears(1) == ["a plain answer"]
        await argent.settled()
        counts = await argent.ledger.counts()
        assert (counts.outcomes, counts.failed_parts) == ({"replied": 2}, 0)


@PLATFORMS
async def test_a_very_long_answer_arrives_whole(platform: Any, tmp_path: Path) -> None:
    answer, words = long_answer()
    assert len(answer) >= 20_000
    async with platform(tmp_path) as (argent, alice):
        argent.model.will(answer, "the end")
        await alice.says("tell me everything")
        await alice.says("and then?")
        heard = []
        while not heard or heard[-1] != "the end":
            heard += await alice.hears(1)
        assert len(heard) > 5
        shown = "\n".join(heard[:-1])
        assert re.findall(r"\bw\d+\b", shown) == words
        assert all(each.count("```") % 2 == 0 for each in heard), "a fence that does not end"
        assert "    if deep:" in shown, "code keeps its shape"


def in_order(words: list[str], text: str) -> bool:
    """Whether the words stand in the text one after another."""
    at = 0
    for word in words:
        at = text.find(word, at)
        if at < 0:
            return False
    return True


def long_answer() -> tuple[str, list[str]]:
    """Markdown of more than 20,000 characters, and every word in it that has a number."""
    sections: list[str] = []
    while sum(map(len, sections)) < 20_000:
        n = len(sections)
        words = [f"w{n}00{each}" for each in range(12)]
        sections.append(_section(n, words))
    text = "".join(sections)
    return text, re.findall(r"\bw\d+\b", text)


def _section(number: int, w: list[str]) -> str:
    return f"""\
## Part {number} about {w[0]}

Some *emphasis* on {w[1]}, a [link](https://example.org/{number}) and `code of {w[2]}` in a \
sentence that goes on for a while so that it has to be broken somewhere.

| Name | Amount |
|------|-------:|
| {w[3]} | {w[4]} |
| {w[5]} | {w[6]} |

```python
def {w[7]}():
    if deep:
        return "{w[8]} <b> & \\"quotes\\""
```

1. first {w[9]}
   - inside {w[10]}
2. second

> a quote of {w[11]}

"""


def _tags(html: str) -> str:
    return "".join(re.findall(r"<[^>]*>", html))
