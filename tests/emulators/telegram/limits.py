"""Telegram's published rates, off by default: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this."""

import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass
class Limits:
    """How many messages go through; 0 is no limit.

    `chat` messages a second to one chat, `group` messages a minute to one group, and `overall`
    messages a second of one bot.
    """

    chat: int = 0
    group: int = 0
    overall: int = 0
    _taken: dict[object, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def publish(self) -> None:
        """Apply what Telegram publishes."""
        self.chat, self.group, self.overall = 1, 20, 30

    def wait(self, bot: int, chat: int) -> int:
        """0 when a message may go out now (and then it counts), else the seconds to wait."""
        rules = [(("bot", bot), self.overall, 1.0), (("chat", bot, chat), self.chat, 1.0)]
        if chat < 0:
            rules.append((("group", bot, chat), self.group, 60.0))
        rules = [rule for rule in rules if rule[1]]
        now = time.monotonic()
        for key, most, period in rules:
            taken = self._taken[key]
            while taken and now - taken[0] >= period:
                taken.popleft()
            if len(taken) >= most:
                return max(1, math.ceil(period - (now - taken[0])))
        for key, _most, _period in rules:
            self._taken[key].append(now)
        return 0
