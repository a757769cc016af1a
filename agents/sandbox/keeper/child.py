"""From a fork of the keeper to the command: every step narrows what it may do."""

from __future__ import annotations

import fcntl
import os
import resource
import signal

from agents.sandbox.keeper import kernel, landlock
from agents.sandbox.keeper.descriptors import DATA, NOT_SET_UP, STATUS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from agents.sandbox.keeper.plan import Plan

_FIRST_TO_KILL = "900"
"""When the machine runs out of memory (``oom_score_adj``, at most 1000)."""


def become(plan: Plan, keeper: int, status: int, gate: int, report: int) -> None:
    """Turn this process into the command, or end it. Never returns.

    `status` and `gate` are descriptors for the program, -1 for none; `report` is one that a reason
    for failing is written to.
    """
    try:
        _narrow(plan, keeper, status, gate)
        os.execve(plan["argv"][0], plan["argv"], plan["env"])
    except BaseException as error:
        # Whatever happens in here, this must not go on as a second keeper.
        os.write(report, str(error).encode("utf-8", "replace")[:1_000] or b"unknown")
    finally:
        os._exit(NOT_SET_UP)


def _narrow(plan: Plan, keeper: int, status: int, gate: int) -> None:
    os.setsid()
    _enter(plan)
    _descriptors(plan, status, gate)
    os.umask(0o077)
    if "uid" in plan:
        _change_user(plan["uid"])
    # Only now: a change of user disarms it. A keeper that died before is seen by the next line.
    kernel.prctl("PR_SET_PDEATHSIG", kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        os._exit(NOT_SET_UP)
    kernel.prctl("PR_SET_NO_NEW_PRIVS", kernel.PR_SET_NO_NEW_PRIVS, 1)
    os.chdir(plan.get("mount", plan["workspace"]) if plan.get("inside") else "/")
    for folder in plan.get("folders", ()):
        os.makedirs(folder, 0o700, exist_ok=True)  # noqa: PTH103
    _limit(plan)
    if "landlock" in plan:
        landlock.restrict(plan["landlock"])
    _as_a_shell_expects()
    if "seccomp" in plan:
        kernel.filter_calls(plan["seccomp"])


def _enter(plan: Plan) -> None:
    """Go where the command shall be: its control groups, its view of the workspace."""
    for folder in plan["groups"]["folders"] if "groups" in plan else ():
        with open(f"{folder}/cgroup.procs", "w") as members:
            members.write("0")
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write(_FIRST_TO_KILL)
    if "mount" in plan:
        kernel.show_at(plan["workspace"], plan["mount"])


def _limit(plan: Plan) -> None:
    if plan.get("cpus"):
        _stay_on(plan["cpus"])
    wanted = dict(plan["limits"])
    if "tasks" in plan:
        wanted["NPROC"] = _tasks_of(os.getuid()) + plan["tasks"]
    for name, most in wanted.items():
        number = getattr(resource, f"RLIMIT_{name}")
        _, allowed = resource.getrlimit(number)
        least = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(number, (least, least))


def _descriptors(plan: Plan, status: int, gate: int) -> None:
    os.dup2(gate if gate >= 0 else os.open("/dev/null", os.O_RDONLY), 0)
    for number, data in enumerate(plan.get("data", ()), DATA):
        memory = os.memfd_create("argent")
        os.write(memory, data)
        os.lseek(memory, 0, os.SEEK_SET)
        os.dup2(memory, number)
    if status >= 0:
        os.dup2(status, STATUS)
        fcntl.fcntl(STATUS, fcntl.F_SETFD, 0)


def _change_user(uid: int) -> None:
    kernel.drop_bounding_set()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _stay_on(cpus: int) -> None:
    """Use so many processors only; the filter lets nobody widen it again."""
    allowed = sorted(os.sched_getaffinity(0))
    first = os.getpid() % len(allowed)
    try:
        os.sched_setaffinity(0, [allowed[(first + i) % len(allowed)] for i in range(cpus)])
    except PermissionError:
        # A unit of systemd may forbid it (SystemCallFilter=~@resources): its own limits hold then.
        return


def _tasks_of(uid: int) -> int:
    """How many processes and threads a user has now, which RLIMIT_NPROC counts as well."""
    count = 0
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdigit():
            continue
        try:
            if os.stat(f"/proc/{name}").st_uid == uid:  # noqa: PTH116
                count += len(os.listdir(f"/proc/{name}/task"))  # noqa: PTH208
        except OSError:
            continue
    return count


def _as_a_shell_expects() -> None:
    """Undo what Python did to signals, which a command would inherit."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
