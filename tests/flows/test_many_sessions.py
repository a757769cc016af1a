"""What is read of a folder with many sessions: counted, since a fast machine hides it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.config import Settings
from gateway.daemon import Running, running
from gateway.reading import Reading
from state.files import ReadOnlyState
from state.files.layout import Layout
from state.files.search.index import Index
from tests.benchmarks.stored import OLDEST_USER, settle, write_hoard
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import telegram_account

MANY = 2_000


@dataclass
class Opened:
    """The sessions below a folder of which a file was opened, or which were listed."""

    below: str
    files: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)

    def saw(self, event: str, path: str) -> None:
        if path.startswith(self.below):
            session = path.removeprefix(self.below).split("/")[0]
            (self.files if event == "open" else self.listed).add(session)


_now: Opened | None = None


def _saw(event: str, args: tuple[object, ...]) -> None:
    if _now is not None and event in {"open", "os.listdir", "os.scandir"}:
        _now.saw(event, str(args[0]))


# Sees every file that this process opens, whoever opens it; it cannot be removed.
sys.addaudithook(_saw)


@contextmanager
def opened(folder: Path) -> Iterator[Opened]:
    """What is opened of the sessions meanwhile."""
    global _now
    _now = Opened(f"{Layout(folder).sessions}/")
    try:
        yield _now
    finally:
        _now = None


@pytest.fixture(scope="module")
def hoard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a gateway left it, for all of these tests."""
    folder = tmp_path_factory.mktemp("hoard")
    write_hoard(folder, MANY, 1, account="telegram")
    asyncio.run(settle(folder))
    return folder


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[tuple[Running, TelegramEmulator]]:
    async with TelegramEmulator() as telegram:
        settings = {
            "agents": {"defaults": {"model": "offline"}},
            "channels": {"telegram": telegram_account(telegram)},
        }
        async with running(Settings.model_validate(settings), folder) as run:
            yield run, telegram


@pytest.fixture(autouse=True)
def _own_locks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


async def test_a_start_and_a_stop_open_no_session(hoard: Path) -> None:
    with opened(hoard) as found:
        async with gateway(hoard) as (run, _):
            await run.state.search.caught_up()
            assert (await run.state.ledger.counts()).sessions == MANY
    assert found.files | found.listed == set()


async def test_a_start_after_a_kill_looks_at_histories_and_reads_none(hoard: Path) -> None:
    # So a gateway that was killed leaves the index of words: it may be behind.
    index = Index.open(Layout(hoard))
    index.unsettle()
    index.close()
    with opened(hoard) as found:
        async with gateway(hoard) as (run, _):
            await run.state.search.caught_up()
    assert (found.files, len(found.listed)) == (set(), MANY)


async def test_an_idle_janitor_opens_no_session_and_writes_nothing(hoard: Path) -> None:
    def written() -> tuple[int, int]:
        database = Layout(hoard).database
        log = database.with_name(f"{database.name}-wal")
        return database.stat().st_mtime_ns, log.stat().st_size

    async with gateway(hoard) as (run, _):
        janitor = run.gateway._janitor
        await janitor.round()
        before = written()
        with opened(hoard) as found:
            for _ in range(5):
                # Nothing has to be done for as long as nothing can be due.
                assert await janitor.round() >= 3_000
        assert written() == before
    assert found.files | found.listed == set()


def test_a_page_of_the_list_opens_no_session_and_facts_open_one(hoard: Path) -> None:
    reading = Reading(ReadOnlyState(hoard))
    key = f"telegram:{OLDEST_USER + 7}:dm"
    with opened(hoard) as found:
        assert len(reading.list_sessions(limit=50)["sessions"]) == 50
        assert len(reading.list_sessions(state="idle")["sessions"]) == MANY
        assert found.files | found.listed == set()
        assert reading.info(key)["key"] == key
    assert found.files == {key.replace(":", "_")}


async def test_a_message_to_an_old_session_opens_no_other(hoard: Path) -> None:
    async with gateway(hoard) as (run, telegram):
        alice = telegram.user("Alice")
        with opened(hoard) as found:
            await alice.says("Do you remember?")
            await alice.hears()
        await run.gateway.lanes.settled()
        (row,) = await run.state.ledger.find(f"telegram:{alice.id}:dm")
    assert alice.id == OLDEST_USER
    assert found.files | found.listed == {row.id}
    assert row.messages == 4
