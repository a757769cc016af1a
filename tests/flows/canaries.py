"""A state folder with words of somebody's in every place, to see them all go.

Whatever is theirs, and only that, holds `WORD` or `NAME`.
"""

import gzip
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

from state.files import State, open_state
from state.history import (
    AssistantEntry,
    CorrectionEntry,
    DeletionEntry,
    Entry,
    SummaryEntry,
    ToolCall,
    ToolEntry,
    Usage,
    UserEntry,
)
from state.keys import Address, SessionId, SessionKey, SessionType, side_session_id
from state.lifecycle import Event, Phase
from state.messages import (
    Attachment,
    AttachmentKind,
    ChatKind,
    InboundMessage,
    Malformed,
    Outcome,
    Part,
    Quote,
    Receipt,
    Sender,
)
from state.session import Session
from state.spending import Spending, Spent
from state.store import PairingRequest, Role

WORD = "canaryword"
NAME = "Quetzalina"
WHO = "telegram:7001"

THEM = Sender("7001", NAME, "quetzalina7")
BOB = Sender("8002", "Bob")
NOON = datetime(2026, 1, 30, 12, tzinfo=UTC)
PRIVATE = Address("telegram", "7001")
GROUP = Address("telegram", "-500")
OWN = SessionKey("telegram", "7001", SessionType.DM)
SHARED = SessionKey("telegram", "-500", SessionType.GROUP)
PACKED = SessionKey("telegram", "-501", SessionType.GROUP)
TOPIC = SessionKey("telegram", "-502", SessionType.TOPIC, "3")
BOBS = SessionKey("telegram", "8002", SessionType.DM)
DAY = date(2026, 1, 30)

_numbers = count(1)


@dataclass
class Talk:
    """What was said in a session, turn by turn; each canary has a number of its own."""

    at: Address
    entries: list[Entry]

    def asked(self, who: Sender, *, files: str | None = None) -> list[Entry]:
        """A turn with a tool, in which somebody shows a file and is sent one."""
        number = next(_numbers)
        theirs = who is THEM
        canary = f"{WORD}{number}" if theirs else f"plain{number}"
        when, turn = NOON + timedelta(seconds=number), f"t{number}"
        shown = Attachment(AttachmentKind.IMAGE, f"{canary}.png", file=files)
        said: list[Entry] = [
            UserEntry(
                f"u{number}", when, f"I say {canary} here", self.at, who, str(number), turn,
                attachments=(shown,) if files else (),
            ),
            AssistantEntry(
                f"s{number}", when, f"Thinking of {canary}", turn, model="m",
                calls=(ToolCall(f"c{number}", "read", f'{{"path":"{canary}"}}'),),
            ),
            ToolEntry(f"r{number}", when, f"It says {canary}", turn, f"c{number}", "read"),
            AssistantEntry(
                f"a{number}", when, f"You said {canary}", turn, (f"u{number}",), "m", Usage(3, 5)
            ),
        ]  # fmt: skip
        self.entries += said
        return said

    def corrected(self, who: Sender, message: Entry) -> None:
        number = next(_numbers)
        canary = f"{WORD}{number}" if who is THEM else f"plain{number}"
        assert isinstance(message, UserEntry)
        self.entries.append(
            CorrectionEntry(f"x{number}", NOON, f"No, {canary}", self.at, who, message.message)
        )

    def quoted(self, of: Entry) -> None:
        """Bob answers a message of theirs, and quotes it."""
        assert isinstance(of, UserEntry)
        asked = self.asked(BOB)[0]
        assert isinstance(asked, UserEntry)
        place = self.entries.index(asked)
        quotes = (Quote(of.content, NAME), Quote("plain and long enough words", "Carol"))
        self.entries[place] = replace(asked, quotes=quotes)

    def summed_up(self) -> None:
        number = next(_numbers)
        covers = (self.entries[0].id, self.entries[-1].id)
        self.entries.append(
            SummaryEntry(f"z{number}", NOON, f"They spoke of {WORD}{number}", covers, 4, 9)
        )


def facts(key: SessionKey, entries: list[Entry], *, title: str | None = None) -> Session:
    begun = Session.begin(key, agent="main", at=NOON, title=title)
    return begun.after(Event.MESSAGE, NOON).with_entries(entries)


async def pieces(content: str) -> AsyncIterator[bytes]:
    yield content.encode()


def group_talk(at: Address) -> Talk:
    talk = Talk(at, [])
    talk.asked(BOB, files="att-bobs.png")
    first = talk.asked(THEM, files="att-theirs.png")[0]
    talk.corrected(THEM, first)
    talk.quoted(first)
    talk.summed_up()
    talk.asked(BOB)
    deleted = talk.asked(THEM)[0]
    assert isinstance(deleted, UserEntry)
    talk.entries.append(DeletionEntry(f"d{next(_numbers)}", NOON, at, deleted.message))
    return talk


async def fill(root: Path) -> None:
    """Put words of theirs everywhere."""
    state = await open_state(root)
    state.search.start()
    await _own_sessions(state)
    await _shared_sessions(state)
    await _ledger(state)
    await state.search.caught_up()
    await state.close()
    _damaged(root)


async def _own_sessions(state: State) -> None:
    talk = Talk(PRIVATE, [])
    talk.asked(THEM, files="att-own.png")
    session = facts(OWN, talk.entries, title=f"{NAME} talks")
    await state.sessions.append(session, talk.entries)
    await state.sessions.keep_file(session.id, "att-own.png", pieces(WORD), most=99)
    await state.sessions.clear(session)
    await state.sessions.append(session, talk.asked(THEM))
    side = replace(
        session, id=side_session_id(session.id, "trip"), base=session.id, name=f"{WORD} trip"
    )
    await state.sessions.append(side, talk.asked(THEM))
    await state.ledger.index(session, side)
    gone = SessionKey("telegram", "7001", SessionType.MAIN)
    await state.sessions.append(facts(gone, []), talk.asked(THEM))
    await state.sessions.delete(gone.session_id, kept_at=NOON)


async def _shared_sessions(state: State) -> None:
    for key in (SHARED, PACKED, TOPIC):
        talk = group_talk(Address(key.channel, key.chat, key.thread))
        session = replace(facts(key, talk.entries, title=f"About {WORD}"), titled=True)
        for name, content in (("theirs", WORD), ("bobs", "Bob's picture"), ("lost", WORD)):
            await state.sessions.keep_file(session.id, f"att-{name}.png", pieces(content), most=99)
        await state.sessions.append(session, talk.entries)
        await state.sessions.clear(session)
        now = group_talk(talk.at)
        await state.sessions.append(session, now.entries)
        await state.ledger.index(session)
        if key is PACKED:
            await state.sessions.archive(replace(session, phase=Phase.ARCHIVED))
    bobs = Talk(Address("telegram", "8002"), [])
    bobs.asked(BOB)
    await state.sessions.append(facts(BOBS, bobs.entries), bobs.entries)
    await state.ledger.index(facts(BOBS, bobs.entries))
    for packed in (False, True):
        key = SessionKey("telegram", f"-60{int(packed)}", SessionType.GROUP)
        talk = group_talk(Address("telegram", key.chat))
        session = facts(key, talk.entries)
        await state.sessions.append(session, talk.entries)
        if packed:
            await state.sessions.archive(replace(session, phase=Phase.ARCHIVED))
        await state.sessions.delete(key.session_id, kept_at=NOON)


async def _ledger(state: State) -> None:
    ledger, number = state.ledger, 0

    async def accepted(who: Sender, at: Address, key: SessionKey, entry: str = "") -> int:
        nonlocal number
        number += 1
        canary = f"{WORD}-{number}" if who is THEM else f"plain-{number}"
        message = InboundMessage(
            f"{at.chat}:{number}", f"m{number}", at, ChatKind.DIRECT, who, canary, NOON
        )
        taken = await ledger.accept(
            message, key=key, session=key.session_id, entry=entry or f"e{number}", at=NOON
        )
        assert taken is not None
        return taken.seq

    async def closed(seq: int, at: Address, *words: str) -> list[int]:
        parts = [(at, Part(f"<b>{each}</b>", each)) for each in words]
        owed = await ledger.finish(
            seq, outcome=Outcome.REPLIED, parts=parts, at=NOON, detail=None,
            spent=Spending(DAY, "telegram", "7001", SHARED.session_id, "m", Spent(10, 20)),
        )  # fmt: skip
        return [each.id for each in owed]

    sent, failed, _ = await closed(
        await accepted(THEM, PRIVATE, OWN), PRIVATE, f"{WORD} a", f"{WORD} b", f"{WORD} c"
    )
    await ledger.begin_sending(sent)
    await ledger.sent(sent, Receipt("9"))
    await ledger.failed(failed, "no")
    entry = next(e.id for e in await state.sessions.entries(SHARED.session_id) if is_theirs(e))
    await closed(await accepted(THEM, GROUP, SHARED, entry), GROUP, f"You said {WORD} too")
    await closed(await accepted(BOB, GROUP, SHARED), GROUP, "Hello Bob")
    for who, at, key in ((THEM, PRIVATE, OWN), (THEM, GROUP, SHARED), (BOB, GROUP, SHARED)):
        await accepted(who, at, key)
    await ledger.set_aside(
        Malformed("u1", "telegram", f'{{"from":{{"id":7001}},"text":"{WORD}"}}'.encode(), "?", NOON)
    )
    await ledger.set_aside(Malformed("u2", "telegram", b'{"from":{"id":70011}}', "?", NOON))
    for user, name in (("7001", NAME), ("8002", "Bob")):
        await ledger.request_pairing(
            PairingRequest(
                f"CODE{user}", "telegram", user, name, Address("telegram", user), NOON,
                NOON + timedelta(days=3650),
            ),
            most=9,
        )  # fmt: skip
        await ledger.approve(f"CODE{user}", role=Role.GUEST, at=NOON)
    again = PairingRequest(
        "CODE9", "telegram", "7001", NAME, PRIVATE, NOON, NOON + timedelta(days=3650)
    )
    await ledger.request_pairing(again, most=9)
    await ledger.set_alias(OWN, OWN.session_id)
    await ledger.choose(OWN, side_session_id(OWN.session_id, "trip"))
    await ledger.spend(Spending(DAY, "telegram", "summaries", OWN.session_id, "m", Spent(1, 1)))
    await ledger.spend(Spending(DAY, "telegram", "8002", SHARED.session_id, "m", Spent(100, 1)))


def is_theirs(entry: Entry) -> bool:
    return isinstance(entry, UserEntry) and entry.sender.id == THEM.id


def _damaged(root: Path) -> None:
    """What crashes and repairs leave behind."""
    topic = root / "agents/main/sessions" / TOPIC.session_id
    (topic / "history.json.damaged-20260130T120000Z").write_text(f'{{"sender":"7001"}} {WORD}')
    (topic / ".history.json.new").write_text(WORD)
    (topic / "media" / ".7.new").write_text(WORD)
    (topic / "archive" / ".old.json.new").write_text(WORD)
    with closing(sqlite3.connect(root / "gateway.db", isolation_level=None)) as db:
        # An older Argent only forgot where the words were.
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("INSERT INTO cursors VALUES ('old', ?)", (f"{WORD} " * 2000,))
        db.execute("DELETE FROM cursors WHERE name = 'old'")


def told(root: Path) -> list[str]:
    """The files that hold anything of theirs, in whatever form."""
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        if any(each.encode() in data.lower() for each in (WORD, NAME.lower())):
            found.append(str(path.relative_to(root)))
        if WORD in path.name:
            found.append(path.name)
    return found


async def of_others(root: Path) -> dict[str, list[str]]:
    """What Bob said, and was told, in every session, as it can be read."""
    state = await open_state(root)
    words = {}
    for session in (SHARED, PACKED, TOPIC, BOBS):
        entries = await state.sessions.entries(SessionId(session.session_id))
        turns = {e.turn for e in entries if isinstance(e, UserEntry) and e.sender == BOB}
        words[str(session)] = [
            e.content
            for e in entries
            if isinstance(e, UserEntry | AssistantEntry | ToolEntry) and e.turn in turns
        ]
    await state.close()
    return words
