"""What planning and summarising without a model make of two thousand messages."""

from dataclasses import dataclass, field
from random import Random

import pytest

from agents.extract import extract
from agents.tokens import of_said, of_text
from agents.transcript import AssistantSays, Said, UserSays
from state.compaction import Reason, Rules, Strategy, TurnSize, due, plan

WORDS = [
    "alpha",
    "tree",
    "house",
    "river",
    "cloud",
    "market",
    "window",
    "paper",
    "letter",
    "bridge",
]
PLANTED = {
    3: "My sister Ida lives at 12 Elm Street, Oslo.",
    5: "Remember: the deploy key is in /srv/keys/deploy.pem.",
    9: "The budget is 4500 euros and the deadline is 14 June.",
}


@dataclass
class Conversation:
    """A session without a gateway: what is in its context, and how long that ever was."""

    rules: Rules
    summary: str = ""
    turns: list[list[Said]] = field(default_factory=list)
    longest: int = 0
    compactions: int = 0

    def say(self, *said: Said) -> None:
        self.turns.append(list(said))
        sizes = [TurnSize(at, sum(map(of_said, turn))) for at, turn in enumerate(self.turns)]
        tokens = sum(size.tokens for size in sizes) + of_text(self.summary)
        self.longest = max(self.longest, tokens)
        reason = due(tokens, 2 * len(sizes), self.rules)
        if reason is None:
            return
        made = plan(sizes, self.rules, reason, summary=of_text(self.summary))
        assert made is not None
        leaving = self.turns[made.leave - made.summarised : made.leave]
        flat = [each for turn in leaving for each in turn]
        previous = self.summary if made.carries else ""
        self.summary = extract(flat, room=made.room, previous=previous) if flat else ""
        self.turns = self.turns[made.leave :]
        self.compactions += 1


def small_talk(random: Random, number: int) -> tuple[Said, Said]:
    asked, answered = (" ".join(random.choices(WORDS, k=60)) for _ in range(2))
    planted = PLANTED.get(number, "")
    return (
        UserSays(f"{planted} {asked}. How about that in {number}?"),
        AssistantSays(f"{answered.capitalize()}. It is Ann, {number}."),
    )


@pytest.mark.parametrize("strategy", Strategy)
def test_two_thousand_messages_never_outgrow_the_model(strategy: Strategy) -> None:
    talk = Conversation(Rules(limit=32_000, strategy=strategy))
    random = Random(1)
    for number in range(1_000):
        talk.say(*small_talk(random, number))
    assert talk.longest < 32_000
    assert talk.compactions > 10


def test_facts_from_the_beginning_outlast_two_thousand_messages() -> None:
    talk = Conversation(Rules(limit=32_000))
    random = Random(1)
    for number in range(1_000):
        talk.say(*small_talk(random, number))
    assert all(fact in talk.summary for fact in PLANTED.values())


def test_twenty_messages_of_eight_thousand_tokens_are_reduced_as_the_seeds_say() -> None:
    turns = [TurnSize(at, 800) for at in range(19)]
    made = plan(turns, Rules(limit=180_000, max_messages=50), Reason.MESSAGES)
    assert made is not None
    replaced = sum(turn.tokens for turn in turns[: made.leave])
    assert replaced == 8_000
    assert 1 - made.room / replaced >= 0.94
    # The call costs what it reads and writes; each message after it saves the difference.
    assert (replaced + made.room) / (replaced - made.room) <= 2
