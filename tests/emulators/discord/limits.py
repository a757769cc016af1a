"""Rate limits: buckets per route and place, and one for the whole bot. Off until set.

https://docs.discord.com/developers/topics/rate-limits
"""

import hashlib
import time
from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Verdict:
    """Whether a call goes through, and the headers that its answer carries."""

    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float | None = None
    is_global: bool = False


@dataclass
class _Window:
    """`limit` calls from the first one on for `seconds`; then all of them are there again."""

    limit: int
    seconds: float
    taken: int = 0
    began: float = 0.0

    def wait(self, now: float) -> float:
        if now - self.began >= self.seconds:
            self.taken, self.began = 0, now
        return self.seconds - (now - self.began) if self.taken >= self.limit else 0.0


class Limits:
    """How many calls go through."""

    def __init__(self) -> None:
        self._rules: dict[str, tuple[int, float]] = {}
        self._windows: dict[object, _Window] = {}
        self._overall: dict[int, _Window] = defaultdict(lambda: _Window(self.overall, 1.0))
        self.overall = 0
        """Calls a second of one bot; 0 is no limit."""

    def set(self, route: str, limit: int, seconds: float) -> None:
        """`limit` calls of a route in `seconds`, per channel, guild or webhook."""
        self._rules[route] = (limit, seconds)

    def publish(self) -> None:
        """What bots meet in the wild: 5 messages in 5 s in a channel, 50 calls a second in all."""
        self.set("create_message", 5, 5.0)
        self.set("edit_message", 5, 5.0)
        self.set("delete_message", 5, 1.0)
        self.set("create_reaction", 1, 0.25)
        self.set("delete_reaction", 1, 0.25)
        self.set("typing", 5, 5.0)
        self.set("get_messages", 5, 5.0)
        self.overall = 50

    def clear(self) -> None:
        self._rules.clear()
        self._windows.clear()
        self._overall.clear()
        self.overall = 0

    def take(self, bot: int, route: str, major: str) -> Verdict:
        """Count a call, or say how long it has to wait."""
        now = time.monotonic()
        if self.overall and (wait := self._overall[bot].wait(now)):
            return Verdict({"X-RateLimit-Global": "true"}, wait, is_global=True)
        rule = self._rules.get(route)
        if rule is None:
            verdict = Verdict()
        else:
            window = self._windows.setdefault((bot, route, major), _Window(*rule))
            if wait := window.wait(now):
                return Verdict(self._headers(window, route, now), wait)
            window.taken += 1
            verdict = Verdict(self._headers(window, route, now))
        if self.overall:
            self._overall[bot].taken += 1
        return verdict

    def _headers(self, window: _Window, route: str, now: float) -> dict[str, str]:
        reset = window.seconds - (now - window.began)
        return {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.limit - window.taken),
            "X-RateLimit-Reset": f"{time.time() + reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32],
        }
