"""Sessions with which something went wrong, and when each is tried again. Pure."""

from dataclasses import dataclass

from state.keys import SessionId

FIRST = 60.0
LONGEST = 86_400.0


@dataclass(frozen=True, slots=True)
class _Wait:
    until: float
    seconds: float


class Patience:
    """Tries that failed, by session. Times are seconds on a steady clock."""

    def __init__(self) -> None:
        self._waits: dict[SessionId, _Wait] = {}

    def __len__(self) -> int:
        return len(self._waits)

    def failed(self, session: SessionId, now: float) -> bool:
        """Wait, longer each time; whether it is the first failure since it went well."""
        last = self._waits.get(session)
        seconds = FIRST if last is None else min(last.seconds * 2, LONGEST)
        self._waits[session] = _Wait(now + seconds, seconds)
        return last is None

    def succeeded(self, session: SessionId) -> None:
        """There is nothing wrong with it any more."""
        self._waits.pop(session, None)

    def waits(self, session: SessionId, now: float) -> bool:
        """Whether it is too early to try again."""
        wait = self._waits.get(session)
        return wait is not None and now < wait.until

    def next(self, now: float) -> float | None:
        """The seconds until the first is tried again; None when none waits.

        To be asked after a round of tries: whoever could have been tried and was not has nothing
        to be tried for any more, and is forgotten.
        """
        self._waits = {session: wait for session, wait in self._waits.items() if wait.until > now}
        return min((wait.until - now for wait in self._waits.values()), default=None)
