"""Secrets that were planted are nowhere, whatever goes wrong around a gateway and inside of it."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Sequence

import aiohttp
import pytest

from tests.architecture.sources import ROOT
from tests.faults.canary.clumsy import BREAK, DROP
from tests.faults.canary.planted import Found
from tests.faults.canary.scene import CALL, HOOK, HTTP, Scene, scene

pytestmark = pytest.mark.acceptance

PATIENCE = 30.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
FAILED = ("429", "502", "500", "page", "reset", "garbage", "redirect")
"""What a call gets that is made again, or is not."""
REFUSED = ("400", "403")

SENDS = {
    "telegram": "(?i)/sendMessage$",
    "discord": "/channels/[0-9]+/messages$",
    "slack": "/chat.postMessage$",
}
COMMANDS = (
    ["status", "--deep", "--json"], ["channels", "status", "--json"], ["doctor", "--json"],
    ["config", "show"], ["logs", "--since", "1h", "--json"],
)  # fmt: skip
MORE_COMMANDS = (
    *COMMANDS, ["status"], ["channels", "test", "--json"], ["config", "show", "--json"],
    ["config", "validate"], ["models", "test", "--json"], ["mcp", "list", "--json"],
    ["logs", "--since", "1h"], ["sessions", "list"], ["tools", "list"], ["usage"],
)  # fmt: skip


async def test_a_planted_secret_is_nowhere_after_every_fault(tmp_path):
    async with scene(tmp_path) as there:
        assert not told(await everything_goes_wrong(there, COMMANDS))


@pytest.mark.slow
async def test_no_command_prints_a_secret_while_everybody_repeats_them(tmp_path):
    async with scene(tmp_path) as there:
        assert not told(await everything_goes_wrong(there, MORE_COMMANDS))


@pytest.mark.slow
async def test_where_nothing_is_taken_out_the_search_finds_it_and_only_in_the_log(tmp_path):
    """Calibration: a gateway that redacts nothing is found out. What a log is redacted of should
    not get anywhere else to begin with."""
    async with scene(tmp_path, sight="blind") as there:
        found = await everything_goes_wrong(there, COMMANDS)
    logged = ("standard error", "gateway.log", "state/logs/gateway.jsonl", "argent logs")
    assert len({each.secret for each in found}) >= 12
    assert {each.where for each in found} == {"standard error", *logged[1:3]} | {
        each.where for each in found if each.where.startswith(logged[3])
    }


def told(found: list[Found]) -> str:
    """What was found where, a line each."""
    return "\n".join(sorted({f"{each.secret} in {each.where}" for each in found}))


async def everything_goes_wrong(there: Scene, commands: Sequence[list[str]]) -> list[Found]:
    """Let it, and search everywhere."""
    fronts, gateway = there.fronts, there.gateway
    for platform in SENDS:
        fronts[platform].next("", "502", "reset")
    fronts["mcp"].next("", "500")
    await gateway.start()
    await gateway.logged("connected", count=5)
    answered = await over_http(there)
    await asyncio.gather(
        telegram_fails(there),
        sends_fail(there, "discord"),
        sends_fail(there, "slack"),
    )
    await strangers_knock(there)
    await models_fail(there)
    await tools_fail(there)
    await its_own_code_fails(there)
    tokens_are_refused(there)
    printed = await asyncio.gather(*(said(there, command) for command in commands))
    found = list(there.planted.in_processes(gateway.pid))
    await gateway.terminate()
    return [*found, *searched(there, [*answered, *printed])]


def searched(there: Scene, told: list[tuple[str, bytes]]) -> Iterator[Found]:
    """Whatever was written, said or sent."""
    planted = there.planted
    yield from planted.within("standard error", "".join(there.gateway.lines).encode())
    yield from planted.in_files(there.folder, but=["argent.toml"])
    for where, data in told:
        yield from planted.within(where, data)
    for sent in (*there.telegram.record, *there.discord.record, *there.slack.record):
        yield from planted.within("a chat", repr(sent).encode())
    for heard in there.elsewhere.heard:
        yield from planted.within("another host", heard.encode())
    yield from among_others(there)


def among_others(there: Scene) -> Iterator[Found]:
    """What one platform or provider was shown of another's."""
    own = {
        "telegram": ("telegram token", "telegram hook token", "webhook secret"),
        "discord": ("discord token",),
        "slack": ("slack token", "slack app token"),
        "slack-events": ("slack events token",),
        "openai": ("openai key",),
        "anthropic": ("anthropic key",),
        "mcp": ("mcp header",),
    }
    for name, front in there.fronts.items():
        for heard in front.heard:
            yield from there.planted.within(f"what {name} heard", heard.encode(), but=own[name])


async def telegram_fails(there: Scene) -> None:
    """Polling, sending and downloads, one after the other."""
    front = there.fronts["telegram"]
    await sends_fail(there, "telegram")
    for way in ("409", "429", "502", "garbage"):
        # Each by itself: after several in a row it would wait for longer and longer.
        front.next("(?i)/getUpdates$", way)
        await front.until_told()
        await front.until_heard("(?i)/getUpdates$")
    front.next("/file/bot", "502", "redirect", "reset", "400")
    front.next("(?i)/getFile$", "garbage", "403")
    people = [there.telegram.user(f"Frida {number}") for number in range(6)]
    await asyncio.gather(*(each.sends("document", "a.txt", b"words") for each in people))
    await asyncio.gather(*(each.hears(timeout=PATIENCE) for each in people))
    await front.until_told()


async def sends_fail(there: Scene, platform: str) -> None:
    """Somebody else for every failure, so that nobody waits for another."""
    front = there.fronts[platform]
    new = {"telegram": there.telegram, "discord": there.discord, "slack": there.slack}[platform]
    people = [new.user(f"{lie} {platform}") for lie in (*FAILED, *REFUSED)]
    for person in people:
        # Who this is has to be known before anything fails.
        await person.says("hello")
        await person.hears(timeout=PATIENCE)
    front.next(SENDS[platform], *FAILED, *REFUSED)
    await asyncio.gather(*(person.says("hello again") for person in people))
    await front.until_told()


async def models_fail(there: Scene) -> None:
    """Both of them, in each way."""
    ways = ("401", "400", "429", "500", "502", "page", "reset", "garbage", "redirect")
    for name in ("openai", "anthropic"):
        there.fronts[name].next("/v1/", *ways)
    people = [there.telegram.user(f"Mona {way}") for way in ways]
    for person in people:
        await person.says("think")
        await person.hears(timeout=PATIENCE)
    for name in ("openai", "anthropic"):
        there.fronts[name].honest()


async def tools_fail(there: Scene) -> None:
    """A command looks around, servers fail in each way, and a file is sent."""
    look = "env; cat /proc/self/cmdline; cat /proc/$PPID/cmdline; echo words > file.txt"
    await owner(there, f"bash {json.dumps({'command': look})}")
    for way in ("401", "500", "502", "page", "garbage", "reset", "redirect"):
        there.fronts["mcp"].next("/mcp", way)
        await owner(there, "web__fail")
    there.fronts["mcp"].honest()
    for tool in ("local__fail", "local__refuse", "local__die"):
        await owner(there, tool)
    there.fronts["telegram"].next("(?i)/sendDocument$", "502", "redirect", "400")
    await owner(there, 'send_file {"path": "file.txt"}')


async def owner(there: Scene, call: str) -> None:
    """The owner lets a tool be called."""
    olga = next(u for u in people_of(there) if u.name == "Olga")
    await olga.says(f"{CALL}{call}")
    await olga.hears(timeout=PATIENCE)


def people_of(there: Scene):
    from tests.emulators.telegram.people import User

    return [User(there.telegram, person) for person in there.telegram.world.people.values()]


async def its_own_code_fails(there: Scene) -> None:
    """An error of Argent's own, with every secret in its words."""
    person = there.telegram.user("Brigitte")
    await person.says(BREAK)
    await person.hears(timeout=PATIENCE)
    await person.says(DROP)
    await there.gateway.logged("send_broke", count=3)


def tokens_are_refused(there: Scene) -> None:
    """From now on, by everybody."""
    for front in there.fronts.values():
        front.always("", "401")


async def strangers_knock(there: Scene) -> None:
    """At the addresses where platforms call, with secrets in the wrong places."""
    await there.gateway.logged("listening", count=2)
    settings = (there.gateway.state / "argent.toml").read_text()
    ports = re.findall(r"^port = ([1-9][0-9]*)$", settings, re.MULTILINE)
    assert len(ports) == 2
    async with aiohttp.ClientSession() as http:
        for port in ports:
            for path in ("/", "/slack/events", f"/{HOOK}"):
                for headers in (
                    {SECRET_HEADER: HOOK},
                    {SECRET_HEADER: f"{HOOK}x"},
                    {"X-Slack-Signature": "v0=0", "X-Slack-Request-Timestamp": "1"},
                ):
                    url = f"http://127.0.0.1:{port}{path}"
                    # Whoever shows the right secret is the platform, whose words are kept.
                    words = "words" if headers.get(SECRET_HEADER) == HOOK else HOOK
                    body = json.dumps({"update_id": 1, "words": words})[:-3]
                    async with http.post(url, data=body, headers=headers) as answer:
                        assert answer.status != 500


async def over_http(there: Scene) -> list[tuple[str, bytes]]:
    """What the gateway's own addresses answer, also to whoever shows the token where it must
    not be."""
    await there.gateway.logged("http_listens")
    line = next(line for line in there.gateway.lines if "http_listens" in line)
    root = f"http://127.0.0.1:{json.loads(line)['port']}"
    answers = []
    async with aiohttp.ClientSession() as http:
        for path in ("/healthz", "/readyz", "/metrics", f"/metrics?token={HTTP}", f"/{HTTP}"):
            for token in (HTTP, f"{HTTP}x", ""):
                headers = {"Authorization": f"Bearer {token}"}
                async with http.get(f"{root}{path}", headers=headers) as answer:
                    answers.append((f"the answer to {path}", await answer.read()))
    return answers


async def said(there: Scene, command: list[str]) -> tuple[str, bytes]:
    """What a command prints; most of them fail, as nobody takes a token any more."""
    state = there.gateway.state
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.cli.main", *command,
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin", "HOME": str(state.parent), "ARGENT_STATE_DIR": str(state),
            "XDG_RUNTIME_DIR": str(state.parent), **there.environment,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    assert process.returncode != 2, output
    return f"argent {' '.join(command)}", output
