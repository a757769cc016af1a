"""What an operator does about calls that wait for an owner. Raises `AdminError`."""

from gateway.admin_errors import AdminError
from gateway.approving import Approving, Pending
from gateway.reading import Json
from state.codec import time_to_json

OPERATOR = "operator"
"""Who decided, where it was done on the machine itself: whoever can do that owns the state."""


def waiting(approving: Approving) -> Json:
    """The calls that wait now, oldest first."""
    return {"approvals": [_told(each) for each in approving.waiting]}


def decided(approving: Approving, code: str, *, approved: bool) -> Json:
    """Approve or refuse a call. Raises `AdminError` where none waits under the code."""
    found = approving.decide(code, approved=approved, by=OPERATOR)
    if found is None:
        raise AdminError(
            "not_found",
            f"no call waits under the code {code!r}: it was decided, is over, or never was",
            "`argent approvals list` shows those that wait",
        )
    return {"approved": approved, "call": _told(found)}


def _told(pending: Pending) -> Json:
    return {
        "code": pending.code,
        "session": pending.session,
        "tool": pending.tool,
        "arguments": pending.arguments,
        "digest": pending.digest,
        "expires_at": time_to_json(pending.expires_at),
    }
