"""However an answer grows and whatever a platform says: in the end it is there once, and whole."""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.errors import ChannelError, RateLimited, Rejected, Unreachable
from gateway.live import FIRST_AFTER, Call, Live, Post
from state.messages import Part

SPACING = 1.0
LENGTH = 10


class Lost(Exception):
    """The platform did it, and nobody was told."""


@dataclass
class Chat:
    """A platform's chat: the bot's messages in order, by id. Keys are those of live messages."""

    messages: dict[str, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    idempotent: bool = False

    def take(self, part: Part, key: int | None = None) -> str:
        if part.removes:
            self.messages.pop(part.edits or "", None)
            return part.edits or ""
        if part.edits in self.messages:
            self.messages[part.edits or ""] = part.text
            return part.edits or ""
        if self.idempotent and key in self.keys:
            return self.keys[key]
        name = f"m{len(self.messages)}-{len(self.keys)}"
        self.messages[name] = part.text
        if key is not None:
            self.keys[key] = name
        return name


def rendered(text: str) -> tuple[Part, ...]:
    """A renderer's parts, the first of which points at the question."""
    pieces = [text[at : at + LENGTH] for at in range(0, len(text), LENGTH)]
    return tuple(
        Part(piece, piece, reply_to=None if number else "question")
        for number, piece in enumerate(pieces)
    )


Answer = ChannelError | Lost | None
answers = st.sampled_from(
    [
        *[None] * 6,
        Unreachable("not reached"),
        Unreachable("no word, not done", uncertain=True),
        *[Lost()] * 3,
        RateLimited(5.0),
        Rejected("no"),
    ]
)


@dataclass
class Driver:
    """What drives a machine: its clock, and the chat that its calls go to."""

    live: Live
    chat: Chat
    now: float = 0.0
    free_at: float = 0.0
    under_way: Call | None = None
    calls: int = 0

    def asks(self, text: str) -> None:
        """Ask for the next call, and keep to it that there is one at a time, with its distance."""
        call = self.live.next(rendered(text), self.now)
        if call is None:
            return
        assert self.under_way is None
        assert self.now >= self.free_at
        assert not self.live.over
        self.under_way = call
        self.calls += 1

    def hears(self, answer: Answer) -> None:
        """The call under way ends."""
        call, self.under_way = self.under_way, None
        if call is None:
            return
        key = call.index if isinstance(call, Post) else None
        if isinstance(answer, ChannelError):
            self.live.failed(answer, self.now)
        elif isinstance(answer, Lost):
            self.chat.take(call.part, key)
            self.live.failed(Unreachable("no word", uncertain=True), self.now)
        else:
            self.live.done(self.chat.take(call.part, key), self.now)
        self.free_at = self.now + SPACING

    def finishes(self, text: str) -> None:
        """The turn is over, and what is owed goes out."""
        self.hears(None)
        if (post := self.live.again()) is not None:
            self.live.done(self.chat.take(post.part, post.index), self.now)
        for part in self.live.owed(rendered(text)):
            assert not part.buttons
            self.chat.take(part)


# Few letters, so that an answer that begins anew reads like the old one in places.
GROWS = st.tuples(st.just("grows"), st.text("a", min_size=1, max_size=15))
WAITS = st.tuples(st.just("waits"), st.sampled_from([0.0, 0.3, 1.0, 2.5, 9.0]))
HEARS = st.tuples(st.just("hears"), answers)
ODD = st.tuples(st.sampled_from(["voided", "held"]), st.none())
steps = st.lists(
    # What is first is drawn as often as what follows it: an answer mostly grows.
    st.one_of(GROWS, GROWS, GROWS, WAITS, WAITS, WAITS, HEARS, HEARS, HEARS, ODD),
    min_size=25,
    max_size=80,
)


@settings(max_examples=400)
@given(steps, st.text("a", max_size=40), st.booleans(), st.booleans(), st.integers(0, 3))
def test_a_live_answer_ends_as_exactly_the_final_text(
    steps: list[tuple[str, object]], rest: str, other: bool, idempotent: bool, before: int
) -> None:
    chat = Chat({f"old{n}": "half of an ans" for n in range(before)}, idempotent=idempotent)
    live = Live(spacing=SPACING, idempotent=idempotent, shown=list(chat.messages))
    driver, text = Driver(live, chat), ""
    live.begin(0.0)
    driver.free_at = FIRST_AFTER
    lost = 0
    for kind, what in steps:
        match kind, what:
            case "grows", str(more):
                text += more
            case "voided", _:
                text = ""
            case "waits", float(seconds):
                driver.now += seconds
            case "held", _ if driver.under_way is not None:
                live.held(driver.now)
                driver.under_way, driver.free_at = None, driver.now + SPACING
            case "hears", answer:
                lost += isinstance(answer, Lost) and isinstance(driver.under_way, Post)
                driver.hears(answer)  # type: ignore[arg-type]
        driver.asks(text)
    final = rest if other else text + rest
    driver.finishes(final)

    shown = list(chat.messages.values())
    wanted = [part.text for part in rendered(final)]
    if lost and not idempotent:
        # Nobody knows its id. There is one at most: nothing is posted after it.
        assert lost == 1
        assert len(shown) == len(wanted) + 1
    else:
        assert shown == wanted


@settings(max_examples=100)
@given(st.text("abc", min_size=1, max_size=95), st.integers(0, 9))
def test_what_is_shown_already_is_not_owed(text: str, known: int) -> None:
    parts = rendered(text)
    live = Live(spacing=SPACING)
    live.begin(0.0)
    now = FIRST_AFTER
    for number in range(known):
        if (call := live.next(parts, now)) is None:
            break
        live.done(f"m{number}", now)
        assert call.part.text == parts[call.index].text
        now = live.ready_at
    shown = len(live.shown)
    owed = live.owed(parts)
    # The last message of all has the button, which goes in the end.
    begun = min(shown, len(parts) - 1)
    assert [part.text for part in owed] == [part.text for part in parts[begun:]]
    if shown == len(parts):
        assert owed == (replace(parts[-1], edits=live.shown[-1]),)
