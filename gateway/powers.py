"""What may be done for whom: one table of trust and tools, from which all else follows. Pure.

Trust follows from where a conversation is held and who speaks (`state.trust`), and never from what
is said. A tool that is not in the table may not be used.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from state.trust import Trust


class Power(StrEnum):
    """Whether a tool may be used.

    `approval`: it may, but once the model has seen material from outside, each call waits for an
    owner who approves that very call.
    """

    ALLOWED = "allowed"
    APPROVAL = "approval"
    NEVER = "never"


EXTERNAL = "<server>__<tool>"
"""The row of MCP servers' tools; the settings of each server say in which types of session it is
offered, and whether its tools are harmless (`guarded`), which needs no approval."""

_A, _P, _N = Power.ALLOWED, Power.APPROVAL, Power.NEVER

TABLE: Mapping[str, Mapping[Trust, Power]] = MappingProxyType(
    {
        name: MappingProxyType(dict(zip(Trust, powers, strict=True)))
        for name, *powers in (
            # What is said of the conversation itself, and into it.
            ("current_time", _A, _A, _A),
            ("session_status", _A, _A, _A),
            ("send_file", _A, _A, _A),
            ("read_skill_file", _A, _A, _A),
            # The session's own workspace, and what comes in from outside.
            ("read", _A, _A, _A),
            ("list", _A, _A, _A),
            ("search", _A, _A, _A),
            # An address that stands in the conversation letter by letter needs no approval.
            ("fetch", _P, _P, _P),
            # What does something: somebody else's words must not lead to it.
            ("write", _P, _P, _P),
            ("edit", _P, _P, _P),
            ("bash", _P, _P, _P),
            # What is remembered of one person is not for others to hear.
            ("recall", _A, _A, _N),
            ("remember", _P, _P, _N),
            ("forget", _P, _P, _N),
            # Other conversations are the owner's to see, and nobody's whose words led there.
            ("sessions_list", _P, _N, _N),
            ("sessions_history", _P, _N, _N),
            ("sessions_send", _P, _N, _N),
            (EXTERNAL, _A, _A, _A),
        )
    }
)


def power(tool: str, trust: Trust) -> Power:
    """Whether a tool may be used with this trust."""
    row = TABLE.get(EXTERNAL if "__" in tool else tool)
    return Power.NEVER if row is None else row[trust]
