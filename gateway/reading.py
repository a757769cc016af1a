"""What an operator can look at: sessions, people and figures, as JSON values.

It needs no lock and no gateway: a store that only reads will do. The shapes are described in
docs/cli.md, which is what scripts rely on.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, NoReturn, Protocol

from gateway import export
from gateway.admin_errors import AdminError, as_admin_errors
from state.codec import entry_to_json, session_to_json, time_to_json
from state.history import Entry
from state.keys import SessionId
from state.lifecycle import Phase
from state.links import Link, PairCode
from state.records import Page
from state.session import Session
from state.spending import MICRO, NOTHING, Per, Spent
from state.store import Admission, Counts, History, PairingRequest, SessionRow

Json = dict[str, Any]
FORMS = ("json", "markdown", "html")
"""The formats of an export."""

LOOKED_AT = 1_000
"""Sessions, the most lately active ones, among which one of a similar name is looked for."""

_CANDIDATES = 10


class Appended(Protocol):
    """What was said since the last look. `anew`: the conversation begins with it again."""

    @property
    def entries(self) -> Sequence[Entry]:
        """In the order they were said."""

    @property
    def anew(self) -> bool:
        """Whether what was seen before them is no longer part of the conversation."""


class Follows(Protocol):
    """A history that is followed; `state.files.following.Following` is one."""

    def look(self) -> Appended:
        """What was appended since the last look. Raises OSError."""


class Reads(Protocol):
    """A store that can be looked at; `state.files.ReadOnlyState` is one."""

    def page(
        self,
        *,
        phase: Phase | None = None,
        limit: int | None = None,
        after: SessionRow | None = None,
    ) -> Page:
        """Sessions, the most lately active first, from behind one on."""

    def find(self, text: str) -> tuple[SessionRow, ...]:
        """Sessions by key, id or prefix."""

    def facts(self, session_id: SessionId) -> Session:
        """A session's facts. Raises `NotFound`."""

    def history(self, session_id: SessionId) -> History:
        """What can be read of its history. Raises `NotFound`."""

    def follow(self, session_id: SessionId, seen: Iterable[Entry]) -> Follows:
        """What is appended to its history from now on."""

    def pairings(self, now: datetime) -> tuple[PairingRequest, ...]:
        """Live requests."""

    def admissions(self) -> tuple[Admission, ...]:
        """Who was let in."""

    def links(self) -> tuple[Link, ...]:
        """Who was linked."""

    def codes(self, now: datetime) -> tuple[PairCode, ...]:
        """The codes that link, as far as they can be used."""

    def counts(self) -> Counts:
        """Figures."""

    def spent(self, per: Per, first: date, last: date = date.max) -> Mapping[str, Spent]:
        """What was spent from one day to another, by day, session, person or model."""


class Reading:
    """Every action that changes nothing. Raises `AdminError`. It blocks: call it off the loop."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def list_sessions(
        self, *, state: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Json:
        """The sessions, the most lately active first; ``left`` is how many come after these.

        `state` is a phase's name, and `after` the name of the session that they come behind.
        """
        if state is not None and state not in list(Phase):
            raise AdminError("usage", f"{state!r} is no state", f"one of {', '.join(Phase)}")
        phase = None if state is None else Phase(state)
        last = None if after is None else self.resolve(after)
        with as_admin_errors():
            page = self._reads.page(phase=phase, limit=limit, after=last)
        return {"sessions": [row_to_json(row) for row in page.rows], "left": page.left}

    def info(self, name: str) -> Json:
        """A session's facts and the log of its life."""
        row = self.resolve(name)
        with as_admin_errors():
            return session_to_json(self._reads.facts(row.id))

    def show(self, name: str, *, last: int | None = None) -> Json:
        """What was said, or only the `last` entries of it."""
        return _shown(*self._session(name), last)

    def follow(self, name: str, *, last: int) -> tuple[Json, Callable[[], Json]]:
        """The `last` entries as `show` gives them, and what tells those that come after them.

        It gives ``entries``, and ``anew`` where the conversation begins again with them.
        """
        session, history = self._session(name)
        following = self._reads.follow(session.id, history.entries)

        def look() -> Json:
            try:
                news = following.look()
            except OSError as error:
                raise AdminError("storage_failed", f"reading {session.id}: {error}") from error
            return {"entries": [entry_to_json(e) for e in news.entries], "anew": news.anew}

        return _shown(session, history, last), look

    def export(self, name: str, *, form: str = "json") -> Json:
        """A session as one document: ``json`` (a value), ``markdown`` or ``html`` (texts)."""
        if form not in FORMS:
            raise AdminError("usage", f"{form!r} is no format", f"one of {', '.join(FORMS)}")
        session, history = self._session(name)
        return {
            "format": form,
            "document": _document(form, session, history),
            **_damage(history),
        }

    def people(self, now: datetime) -> Json:
        """Who asks to be let in, who was, and who is linked with whom."""
        with as_admin_errors():
            requests, admitted = self._reads.pairings(now), self._reads.admissions()
            links, codes = self._reads.links(), self._reads.codes(now)
        return {
            "pending": [request_to_json(request) for request in requests],
            "admitted": [admission_to_json(admission) for admission in admitted],
            "linked": [link_to_json(link) for link in links],
            "codes": [code_to_json(code) for code in codes],
        }

    def counts(self) -> Json:
        """How much there is: sessions, open messages, owed and repeated parts."""
        with as_admin_errors():
            return asdict(self._reads.counts())

    def usage(self, since: date, *, per: Per = Per.DAY) -> Json:
        """What was spent since a day (in UTC), the most first; days in their order."""
        with as_admin_errors():
            sums = self._reads.spent(per, since)
        rows = sorted(sums.items(), key=lambda row: row[0] if per is Per.DAY else _much(row))
        return {
            "by": str(per),
            "since": since.isoformat(),
            "rows": [{"name": name, **spent_to_json(spent)} for name, spent in rows],
            "total": spent_to_json(sum(sums.values(), NOTHING)),
        }

    def spent_on(self, day: date) -> Json:
        """What was spent on a day (in UTC)."""
        with as_admin_errors():
            sums = self._reads.spent(Per.DAY, day, day)
        return spent_to_json(sum(sums.values(), NOTHING))

    def resolve(self, name: str) -> SessionRow:
        """The one session that is called so: by key, id, or a prefix that only it has."""
        with as_admin_errors():
            found = self._reads.find(name) if name else ()
            return the_one(name, found) or no_such(name, self._reads.page(limit=LOOKED_AT).rows)

    def _session(self, name: str) -> tuple[Session, History]:
        row = self.resolve(name)
        with as_admin_errors():
            return self._reads.facts(row.id), self._reads.history(row.id)


def _shown(session: Session, history: History, last: int | None) -> Json:
    entries = history.entries
    shown = entries if last is None else entries[max(len(entries) - last, 0) :]
    return {
        "session": session_to_json(session),
        "total": len(entries),
        "entries": [entry_to_json(entry) for entry in shown],
        **_damage(history),
    }


def _document(form: str, session: Session, history: History) -> Json | str:
    if form == "json":
        return export.as_json(session, history.entries)
    if form == "markdown":
        return export.as_markdown(session, history.entries)
    # It needs the channels' Markdown, which other readers can do without.
    from gateway.export_html import as_html

    return as_html(session, history.entries)


def _damage(history: History) -> Json:
    return {"damaged": history.damaged} if history.damaged is not None else {}


def the_one(name: str, found: Sequence[SessionRow]) -> SessionRow | None:
    """The only session found, None when there is none. Raises `AdminError` when there are more."""
    if len(found) > 1:
        # A side session shares its key, so its id is what can be written.
        names = [str(row.key) if row.base is None else row.id for row in found[:_CANDIDATES]]
        more = f" and {len(found) - _CANDIDATES} more" if len(found) > _CANDIDATES else ""
        raise AdminError(
            "ambiguous",
            f"{name!r} could be {len(found)} sessions",
            f"write more of one of these: {', '.join(names)}{more}",
        )
    return found[0] if found else None


def no_such(name: str, rows: Sequence[SessionRow]) -> NoReturn:
    """Raise `AdminError`: there is no such session, but perhaps one like it."""
    near = difflib.get_close_matches(name, [str(row.key) for row in rows], n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else "`argent sessions list` names them"
    raise AdminError("not_found", f"there is no session {name!r}", hint)


def row_to_json(row: SessionRow) -> Json:
    """A line of the listing."""
    return {
        "id": row.id,
        "key": str(row.key),
        "type": str(row.key.type),
        "channel": row.key.channel,
        "agent": row.agent,
        "state": str(row.phase),
        "messages": row.messages,
        "created_at": time_to_json(row.created_at),
        "updated_at": time_to_json(row.updated_at),
        "title": row.title,
        "base": row.base,
        "name": row.name,
        "person": row.person,
        "context": {"tokens": row.context_tokens, "limit": row.context_limit},
    }


def _much(row: tuple[str, Spent]) -> tuple[int, int, str]:
    name, spent = row
    return -spent.cost_micro, -spent.tokens, name


def spent_to_json(spent: Spent) -> Json:
    """Tokens, and what they cost in US dollars; `unpriced` are tokens of unknown price."""
    return {
        "input": spent.input,
        "output": spent.output,
        "cached": spent.cached,
        "cost": spent.cost_micro / MICRO,
        "unpriced": spent.unpriced,
    }


def request_to_json(request: PairingRequest) -> Json:
    """A stranger's request."""
    return {
        "code": request.code,
        "account": request.account,
        "user": request.user,
        "name": request.name,
        "created_at": time_to_json(request.created_at),
        "expires_at": time_to_json(request.expires_at),
    }


def link_to_json(link: Link) -> Json:
    """An address of a person who was linked; ``by`` is whose code it entered."""
    return {
        "account": link.identity.account,
        "user": link.identity.user,
        "name": link.called,
        "person": link.person,
        "since": time_to_json(link.since),
        "by": None if link.by is None else str(link.by),
    }


def code_to_json(code: PairCode) -> Json:
    """A code that can be used: whose it is, and not what it says. The operator's is nobody's."""
    return {
        "of": None if code.identity is None else str(code.identity),
        "expires_at": time_to_json(code.expires_at),
    }


def admission_to_json(admission: Admission) -> Json:
    """Somebody who was let in."""
    return {
        "account": admission.account,
        "user": admission.user,
        "name": admission.name,
        "role": str(admission.role),
        "since": time_to_json(admission.since),
    }
