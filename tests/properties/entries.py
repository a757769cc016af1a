"""Strategies for what is stored: entries, sessions, messages."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from state.choices import Choices, Persistence
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
from state.keys import Address, SessionId, SessionKey, SessionType
from state.lifecycle import Event, Phase
from state.messages import (
    Attachment,
    AttachmentKind,
    Button,
    ChatKind,
    Correction,
    Deletion,
    InboundMessage,
    Part,
    Quote,
    Sender,
    StoredFile,
)
from state.session import Context, Session, Totals, Transition

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
COUNT = st.integers(0, 2**53)
MOMENT = st.integers(0, 4 * 10**12).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
MAYBE = st.none() | TEXT


def many(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(strategy, max_size=3).map(tuple)


ADDRESS = st.builds(Address, TEXT, TEXT, MAYBE)
SENDER = st.builds(Sender, TEXT, TEXT, MAYBE, st.booleans(), st.booleans())
QUOTE = st.builds(Quote, TEXT, TEXT, st.booleans(), st.booleans())
ATTACHMENT = st.builds(
    Attachment,
    st.sampled_from(AttachmentKind),
    MAYBE,
    MAYBE,
    st.none() | COUNT,
    MAYBE,
    MAYBE,
    MAYBE,
)
FILE = st.builds(StoredFile, TEXT.map(SessionId), TEXT, TEXT, TEXT, COUNT)
PART = st.builds(
    Part,
    TEXT,
    TEXT,
    MAYBE,
    MAYBE,
    st.none() | FILE,
    many(st.builds(Button, TEXT, TEXT)),
)
USAGE = st.builds(Usage, COUNT, COUNT)
CALL = st.builds(ToolCall, TEXT, TEXT, TEXT)
USER = st.builds(
    UserEntry, TEXT, MOMENT, TEXT, ADDRESS, SENDER, TEXT, MAYBE, many(QUOTE), many(ATTACHMENT)
)
ASSISTANT = st.builds(
    AssistantEntry,
    TEXT,
    MOMENT,
    TEXT,
    TEXT,
    many(TEXT),
    MAYBE,
    st.none() | USAGE,
    many(CALL),
    MAYBE,
    many(FILE),
    st.booleans(),
)
TOOL = st.builds(ToolEntry, TEXT, MOMENT, TEXT, TEXT, TEXT, TEXT, st.booleans(), st.booleans())
CORRECTION = st.builds(CorrectionEntry, TEXT, MOMENT, TEXT, ADDRESS, SENDER, TEXT)
DELETION = st.builds(DeletionEntry, TEXT, MOMENT, ADDRESS, TEXT)
SUMMARY = st.builds(
    SummaryEntry,
    TEXT,
    MOMENT,
    TEXT,
    st.tuples(TEXT, TEXT),
    COUNT,
    COUNT,
    COUNT,
    MAYBE,
    st.none() | USAGE,
    st.booleans(),
)
ENTRY: st.SearchStrategy[Entry] = st.one_of(USER, ASSISTANT, TOOL, CORRECTION, DELETION, SUMMARY)

STANDING = st.none() | COUNT
CONTEXT = st.builds(Context, COUNT, COUNT, COUNT, STANDING, many(st.tuples(COUNT, STANDING)))
KEY = st.builds(SessionKey, st.just("telegram"), TEXT.filter(bool), st.sampled_from(SessionType))
OPTION = TEXT | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9)
CHOICES = st.builds(
    Choices,
    MAYBE,
    st.none() | st.dictionaries(TEXT, OPTION, max_size=3),
    MAYBE,
    st.none() | many(TEXT),
    st.none() | many(TEXT),
    MAYBE,
    st.none() | st.sampled_from(Persistence),
)
STEP = st.builds(Transition, MOMENT, st.sampled_from(Event), st.sampled_from(Phase), MAYBE)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    key = draw(KEY)
    return Session(
        id=key.session_id,
        key=key,
        agent=draw(TEXT),
        created_at=draw(MOMENT),
        updated_at=draw(MOMENT),
        keys=draw(many(KEY)),
        phase=draw(st.sampled_from(Phase)),
        messages=draw(COUNT),
        context=draw(CONTEXT),
        choices=draw(CHOICES),
        title=draw(MAYBE),
        titled=draw(st.booleans()),
        person=draw(MAYBE),
        base=draw(st.none() | KEY.map(lambda key: key.session_id)),
        name=draw(MAYBE),
        totals=draw(st.builds(Totals, COUNT, USAGE)),
        revision=draw(COUNT),
        log=draw(many(STEP)),
    )


CHAT_KIND = st.sampled_from(ChatKind)
MESSAGE = st.one_of(
    st.builds(
        InboundMessage,
        TEXT,
        TEXT,
        ADDRESS,
        CHAT_KIND,
        SENDER,
        TEXT,
        MOMENT,
        st.booleans(),
        MAYBE,
        many(QUOTE),
        many(ATTACHMENT),
        MAYBE,
        st.booleans(),
        MAYBE,
    ),
    st.builds(Correction, TEXT, TEXT, ADDRESS, CHAT_KIND, SENDER, TEXT, MOMENT, MAYBE, TEXT),
    st.builds(Deletion, TEXT, TEXT, ADDRESS, MOMENT, TEXT),
)
