"""Every operator action that changes something, once: the command line and chats call these.

With a gateway running (`live`), an action on a session waits for its running turn and runs
between two turns. Without one, the caller holds the state folder's lock.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from gateway import admin_approvals
from gateway.admin_choices import Skills, no_skills
from gateway.admin_errors import AdminError, as_admin_errors
from gateway.admin_linking import LinkActions
from gateway.admin_live import Live
from gateway.admin_people import PeopleActions
from gateway.admin_sessions import SessionActions
from gateway.budgets import day_of
from gateway.clock import Clock
from gateway.config_errors import ConfigError
from gateway.life import Life
from gateway.notices import notice
from gateway.people import People
from gateway.people_erasing import ForgetsLog, KeepsReceipts, PeopleErasing, no_log
from gateway.reading import Json, admission_to_json, request_to_json, spent_to_json
from state.codec import time_to_json
from state.persons import Identity
from state.spending import NOTHING, Per
from state.store import Admission, Ledger, NotFound, Role, Sessions


class Admin:
    """Every action that changes something, told in JSON values. Raises `AdminError`."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        ledger: Ledger,
        life: Life,
        clock: Clock,
        receipts: KeepsReceipts,
        live: Live | None = None,
        everybody: Callable[[], People] | None = None,
        skills: Skills = no_skills,
        forget_log: ForgetsLog = no_log,
    ) -> None:
        self.sessions = SessionActions(sessions, ledger, life, live, skills)
        self.people = PeopleActions(
            PeopleErasing(sessions, ledger, life, receipts, clock, live, forget_log)
        )
        self.links = LinkActions(
            sessions=sessions,
            ledger=ledger,
            life=life,
            clock=clock,
            live=live,
            everybody=everybody or (lambda: People(ledger, {}, clock)),
        )
        self._ledger = ledger
        self._clock = clock
        self._live = live

    # People -----------------------------------------------------------------------------------

    async def approve(self, code: str, *, owner: bool = False) -> Json:
        """Let in whoever was given this code, as a guest or as an owner, and tell them."""
        role = Role.OWNER if owner else Role.GUEST
        with as_admin_errors():
            try:
                request, admission = await self._ledger.approve(
                    _code(code), role=role, at=self._clock.now()
                )
            except NotFound as error:
                raise _no_code(code) from error
        if self._live is not None:
            await self._live.admissions_changed()
            await self._live.tell(request.address, notice("approved"))
        return {"admitted": admission_to_json(admission), "told": self._live is not None}

    async def deny(self, code: str) -> Json:
        """Drop a request. The stranger is not told."""
        with as_admin_errors():
            try:
                request = await self._ledger.deny(_code(code))
            except NotFound as error:
                raise _no_code(code) from error
        return {"denied": request_to_json(request)}

    async def revoke(self, user: str, *, account: str | None = None) -> Json:
        """Take an admission back, and part them from others they are linked with.

        So do all who were let in through them lose that. `account` is needed where the id was let
        in on several.
        """
        admission = await self._admission(user, account)
        with as_admin_errors():
            revoked = await self._ledger.revoke(admission.account, admission.user)
            if self._live is not None:
                await self._live.admissions_changed()
            parted = await self.links.part(Identity(admission.account, admission.user))
        return {"revoked": admission_to_json(revoked), "unlinked": parted is not None}

    async def _admission(self, user: str, account: str | None) -> Admission:
        with as_admin_errors():
            everybody = await self._ledger.admissions()
        found = [a for a in everybody if a.user == user and account in (None, a.account)]
        if not found:
            hint = (
                "`argent pair list` names them: `argent pair unlink` is for those who were linked, "
                "and owners of the configuration are changed there"
            )
            raise AdminError("not_found", f"nobody with the id {user!r} was let in by hand", hint)
        if len(found) > 1:
            names = ", ".join(a.account for a in found)
            raise AdminError("ambiguous", f"{user} was let in on {names}", "say --account NAME")
        return found[0]

    # Calls that wait for an owner ---------------------------------------------------------------

    def approvals(self) -> Json:
        """The calls that wait now."""
        return admin_approvals.waiting(self._running().approving)

    def decide(self, code: str, *, approved: bool) -> Json:
        """Approve or refuse one of them."""
        return admin_approvals.decided(self._running().approving, code, approved=approved)

    # The gateway ------------------------------------------------------------------------------

    def channels(self) -> Json:
        """How every account is, as its platform proved it."""
        return {
            "channels": [
                {
                    "account": name,
                    "kind": kind,
                    "condition": str(health.condition),
                    "proved_at": None
                    if health.proved_at is None
                    else time_to_json(health.proved_at),
                    "detail": health.detail,
                    "identity": health.identity,
                    "connections": health.generation,
                    "lag": None if health.lag is None else round(health.lag, 3),
                    "waits_until": None
                    if health.waits_until is None
                    else time_to_json(health.waits_until),
                }
                for name, kind, health in self._running().channel_health()
            ]
        }

    def check(self) -> Json:
        """Whether the gateway lives and is ready, and why not: quick, it reads no disk."""
        return asdict(self._running().verdict())

    async def status(self, *, deep: bool = False) -> Json:
        """The gateway, its channels and its figures at once; `deep` adds what it measured."""
        live = self._running()
        runtime = live.runtime()
        with as_admin_errors():
            counts = await self._ledger.counts()
            today = day_of(self._clock.now())
            sums = await self._ledger.spent(Per.DAY, today, today)
        return {
            "gateway": {name: _plain(fact) for name, fact in runtime.items()},
            **self.channels(),
            "verdict": self.check(),
            "counts": asdict(counts),
            "today": spent_to_json(sum(sums.values(), NOTHING)),
            **({"measured": live.figures()} if deep else {}),
        }

    async def reload(self) -> Json:
        """Have the settings read again: what is in effect now, and what needs a restart."""
        try:
            reloaded = await self._running().reload()
        except ConfigError as error:
            hint = "nothing was changed: the gateway goes on with the settings of before"
            raise AdminError("bad_config", str(error), hint) from error
        return {
            "changed": [
                {"setting": each.name, "how": str(each.how), "effect": str(each.effect)}
                for each in reloaded.taken
            ],
            "restart": [each.name for each in reloaded.restart],
            "warnings": list(reloaded.warnings),
        }

    def stop(self) -> Json:
        """Begin the staged shutdown of the gateway."""
        live = self._running()
        runtime = live.runtime()
        live.request_stop()
        return {"stopping": True, "pid": runtime.get("pid")}

    def _running(self) -> Live:
        if self._live is None:
            raise AdminError(
                "gateway_down", "no gateway is running", "start it: argent gateway run"
            )
        return self._live


def _plain(fact: object) -> object:
    return time_to_json(fact) if isinstance(fact, datetime) else fact


def _code(text: str) -> str:
    return text.strip().upper()


def _no_code(code: str) -> AdminError:
    return AdminError(
        "not_found",
        f"no stranger has the code {code!r}: it is wrong, used up, or has expired",
        "`argent pair list` shows the live ones; whoever writes again gets a new one",
    )
