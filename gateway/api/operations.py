"""What can be asked of Argent by name, over the control socket or in the command's own process."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gateway.admin import Admin
from gateway.admin_errors import AdminError
from gateway.reading import Json
from state.codec import Fields, InvalidValue

Operation = Callable[[Admin, Fields], Awaitable[Json]]


async def _channels(admin: Admin, _: Fields) -> Json:
    return admin.channels()


async def _check(admin: Admin, _: Fields) -> Json:
    return admin.check()


async def _stop(admin: Admin, _: Fields) -> Json:
    return admin.stop()


async def _approvals(admin: Admin, _: Fields) -> Json:
    return admin.approvals()


async def _approve(admin: Admin, given: Fields) -> Json:
    return admin.decide(given.text("code"), approved=True)


async def _refuse(admin: Admin, given: Fields) -> Json:
    return admin.decide(given.text("code"), approved=False)


OPERATIONS: Mapping[str, Operation] = {
    "sessions.clear": lambda admin, given: admin.sessions.clear(
        given.texts("names"), every=given.flag("all"), erase=given.flag("erase")
    ),
    "sessions.delete": lambda admin, given: admin.sessions.delete(
        given.texts("names"), erase=given.flag("erase")
    ),
    "sessions.compact": lambda admin, given: admin.sessions.compact(
        given.text("session"), keep=given.maybe_text("keep")
    ),
    "sessions.tools": lambda admin, given: admin.sessions.tools(given.text("session")),
    "sessions.undo": lambda admin, given: admin.sessions.undo(given.text("session")),
    "sessions.archive": lambda admin, given: admin.sessions.archive(given.texts("names")),
    "sessions.unarchive": lambda admin, given: admin.sessions.unarchive(given.texts("names")),
    "sessions.clean": lambda admin, given: admin.sessions.clean(
        given.texts("ids"),
        before=given.time("before") if given.has("before") else None,
        state=given.maybe_text("state"),
        erase=given.flag("erase"),
    ),
    "sessions.import": lambda admin, given: admin.sessions.bring_in(
        given.value("session"), given.maybe_text("lines") or "", replace=given.flag("replace")
    ),
    "sessions.set": lambda admin, given: admin.sessions.set(
        given.text("session"), given.texts("assignments")
    ),
    "sessions.rename": lambda admin, given: admin.sessions.rename(
        given.text("session"), given.text("name")
    ),
    "sessions.repair": lambda admin, given: admin.sessions.repair(given.texts("ids")),
    "pair.approve": lambda admin, given: admin.approve(
        given.text("code"), owner=given.flag("owner")
    ),
    "pair.deny": lambda admin, given: admin.deny(given.text("code")),
    "pair.revoke": lambda admin, given: admin.revoke(
        given.text("user"), account=given.maybe_text("account")
    ),
    "approvals.list": _approvals,
    "approvals.approve": _approve,
    "approvals.deny": _refuse,
    "pair.code": lambda admin, given: admin.links.code(given.maybe_text("person")),
    "pair.link": lambda admin, given: admin.links.link(given.text("first"), given.text("second")),
    "pair.unlink": lambda admin, given: admin.links.unlink(given.text("address")),
    "people.rename": lambda admin, given: admin.links.rename(given.text("name"), given.text("new")),
    "people.erase": lambda admin, given: admin.people.erase(given.texts("identities")),
    "channels.status": _channels,
    "check": _check,
    "status": lambda admin, given: admin.status(deep=given.flag("deep")),
    "gateway.reload": lambda admin, _: admin.reload(),
    "gateway.stop": _stop,
}


async def carry_out(admin: Admin, operation: object, given: Any) -> Json:
    """Do what is asked. Raises `AdminError`, also for what cannot be understood."""
    act = OPERATIONS.get(operation) if isinstance(operation, str) else None
    if act is None:
        known = ", ".join(sorted(OPERATIONS))
        raise AdminError("usage", f"there is no operation {operation!r}", f"known are {known}")
    try:
        return await act(admin, Fields(given))
    except InvalidValue as error:
        raise AdminError("usage", f"{operation}: {error}") from error
