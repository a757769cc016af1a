"""A conversation as a document."""

from datetime import UTC, datetime

from gateway.export import as_json, as_markdown
from state.history import (
    AssistantEntry,
    CorrectionEntry,
    DeletionEntry,
    ToolCall,
    ToolEntry,
    UserEntry,
)
from state.keys import Address, SessionId, SessionKey
from state.messages import Attachment, AttachmentKind, Quote, Sender, StoredFile
from state.session import Session

AT = datetime(2026, 1, 30, 10, 0, tzinfo=UTC)
HERE = Address("telegram", "1")
JASON = Sender("1", "Jason")
LETTER = StoredFile(SessionId("telegram_1_main"), "l.txt", "letter.txt", "text/plain", 9)
ENTRIES = (
    UserEntry(
        "q", AT, "What is in it?", HERE, JASON, "4711", turn="t",
        quotes=(Quote("two\nlines", "Ann"),),
        attachments=(Attachment(AttachmentKind.DOCUMENT, name="a.pdf"),),
    ),
    AssistantEntry("c", AT, "", "t", model="m", calls=(ToolCall("1", "read", "{}"),)),
    ToolEntry("r", AT, "```\nfenced\n```", "t", "1", "read"),
    AssistantEntry("a", AT, "A letter.", "t", re=("q",), model="m", files=(LETTER,)),
    CorrectionEntry("e", AT, "What is in this?", HERE, JASON, "4711"),
    DeletionEntry("d", AT, HERE, "4711"),
    AssistantEntry("n", AT, "Something went wrong.", "u", notice="failed"),
)  # fmt: skip
SESSION = Session.begin(SessionKey.parse("telegram:1:main"), agent="main", at=AT).with_entries(
    ENTRIES
)


def test_the_json_holds_the_seeds_fields_and_every_entry():
    document = as_json(SESSION, ENTRIES)
    assert (document["key"], document["type"], document["chat_id"]) == (
        "telegram:1:main", "main", "1",
    )  # fmt: skip
    assert [m["role"] for m in document["messages"]] == [
        "user", "assistant", "tool", "assistant", "correction", "deletion", "assistant",
    ]  # fmt: skip
    assert document["metadata"] == {"models_used": ["m"], "tools_used": ["read"]}


def test_the_markdown_reads_from_top_to_bottom():
    text = as_markdown(SESSION, ENTRIES)
    spoken = [
        "# telegram:1:main",
        "## Jason · 2026-01-30 10:00 UTC",
        "> Ann: two\n> lines",
        "What is in it?",
        "*[document a.pdf]*",
        "*Calls `read`:*",
        "*Tool `read` answered:*",
        "````\n```\nfenced\n```\n````",
        "## m · 2026-01-30 10:00 UTC\n\nA letter.\n\n*[letter.txt]*",
        "## Jason corrected · ",
        "*A message was deleted · 2026-01-30 10:00 UTC*",
        "## Argent · ",
    ]
    places = [text.find(words) for words in spoken]
    assert -1 not in places
    assert places == sorted(places)
