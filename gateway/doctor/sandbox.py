"""The sandbox: whether commands that agents run can be shut in on this machine."""

from channels.probe import Fault, Finding, Level
from gateway.doctor.case import Case
from state.keys import SessionType

NONE = Fault(
    "sandbox-none",
    Level.WARNING,
    "no sandbox can be used here, so that sessions of these types have no bash: {kinds}",
    "{why}",
    "{fix}",
)
REQUIRED = Fault(
    "sandbox-required",
    Level.ERROR,
    "no sandbox can be used here, and the settings require one: the gateway does not start",
    "{why}",
    "{fix}",
)
FAULTS = (NONE, REQUIRED)

_HINT = "apt install bubblewrap, then: argent doctor"


async def examine(case: Case) -> list[Finding]:
    """What is wrong with the sandbox. It is tried, unless a running gateway says how it is."""
    settings = case.settings
    if settings is None:
        return []
    from agents.sandbox.choosing import find
    from agents.sandbox.config import Backend

    if settings.sandbox.backend is Backend.OFF and not settings.sandbox.required:
        return []
    if case.runtime:
        why, fix = case.runtime.get("sandbox_problem"), _HINT
    else:
        # Under a name of its own: what a gateway swept by another's would be lost to it.
        found = await find(settings.sandbox, mark="argent-doctor-")
        why = None
        if found.sandbox is None:
            why = "; ".join(f"{each.backend}: {each.why}" for each in found.refusals)
        fix = "; or ".join(each.fix for each in found.refusals if each.fix) or _HINT
    if why is None:
        return []
    kinds = [kind.value for kind in SessionType if settings.sandbox.of(kind).sandboxed]
    fault = REQUIRED if settings.sandbox.required else NONE
    return [fault.at("sandbox", kinds=", ".join(kinds), why=why, fix=fix)]
