"""The keeper's way: begin the command, watch it, end what is left, report."""

from __future__ import annotations

import marshal
import os
import select
import signal
import sys
import time

from agents.sandbox.keeper import child, kernel, space, tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from agents.sandbox.keeper.plan import Plan, Report

_LOOK = 0.1
"""Seconds between two looks at what the processes use."""
_GLANCE = 0.02
"""Seconds between two looks at whether a command shall end before it was begun."""
_MOST_OF_THE_TIME = 5
"""A look at a workspace that took long is not repeated before so many times as long."""
_TO_DIE = 10.0
"""Seconds that processes get to end once they were killed."""
_TO_END = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_WAKE = {signal.SIGCHLD, *_TO_END}


def main() -> None:
    """Keep the command whose plan is on standard input; report on the descriptor that is named."""
    # Blocked before anything can send one: they are then waited for, and none is missed.
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAKE)
    report = int(sys.argv[-1])
    os.set_inheritable(report, False)
    kernel.prctl("PR_SET_PDEATHSIG", kernel.PR_SET_PDEATHSIG, signal.SIGTERM)
    with open(0, "rb", closefd=False) as given:
        plan: Plan = marshal.load(given)
    if os.getppid() != plan["parent"]:
        return
    kernel.prctl("PR_SET_CHILD_SUBREAPER", kernel.PR_SET_CHILD_SUBREAPER, 1)
    result: Report = {"code": None, "killed": None, "failed": None}
    try:
        _make_groups(plan)
        _keep(plan, result)
    except OSError as error:
        result["failed"] = str(error)
    _clear_up(plan, result)
    try:
        os.write(report, marshal.dumps(result))  # type: ignore[arg-type]
    except OSError:
        # The gateway is gone: nobody wants to know.
        return


def _keep(plan: Plan, result: Report) -> None:
    workspace = os.open(plan["workspace"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    told, tell = os.pipe()
    status, to_status = os.pipe() if plan.get("status") else (-1, -1)
    gate, its_gate = kernel.pair() if plan.get("gate") else (-1, -1)
    keeper = os.getpid()
    until = time.monotonic() + plan["wall"]
    pid = os.fork()
    if pid == 0:
        child.become(plan, keeper, to_status, its_gate, tell)
    for its in (tell, to_status, its_gate):
        if its >= 0:
            os.close(its)
    if gate >= 0:
        _let_in(gate, until)
    code, killed = _until_it_ends(plan, pid, until, workspace)
    result["code"], result["killed"] = code, killed
    # What is left of it holds the other ends of the pipes.
    if not tree.end(_folders(plan), _TO_DIE):
        result["failed"] = "its processes could not be killed"
        return
    if code is None or killed:
        return
    reason = os.read(told, 1_000).decode("utf-8", "replace")
    if reason:
        result["failed"] = reason
    elif status >= 0 and b'"exit-code"' not in _all_of(status) and not _out_of_memory(plan):
        # bubblewrap tells the status of what it began: so it began nothing.
        result["failed"] = ""


def _let_in(gate: int, until: float) -> None:
    """Let the command begin when it asks, which it does when all around it is set up.

    While bubblewrap is at that, it would outlive this process. What then asks nobody ends.
    """
    while time.monotonic() < until and not signal.sigpending() & _TO_END:
        asks, _, _ = select.select([gate], [], [], _GLANCE)
        if asks:
            # Nothing is read where it could not be set up, and has ended.
            if os.read(gate, 1):
                os.write(gate, b"go\n")
            break
    os.close(gate)


def _until_it_ends(
    plan: Plan, pid: int, until: float, workspace: int
) -> tuple[int | None, str | None]:
    """The exit status of the command, None if it was ended; and the limit that it went beyond."""
    watch = plan["watch"]
    allowance = space.Allowance(workspace, watch) if watch["disk"] else None
    next_look = time.monotonic()
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return None, "time"
        signalled = signal.sigtimedwait(_WAKE, min(left, _LOOK))
        if signalled is not None and signalled.si_signo != signal.SIGCHLD:
            return None, None
        code = _status(pid)
        if code is not None:
            return code, "disk" if allowance and allowance.exceeded() else None
        if watch["memory"] and tree.resident(tree.descendants()) > watch["memory"]:
            return None, "memory"
        now = time.monotonic()
        if allowance and now >= next_look:
            if allowance.exceeded():
                return None, "disk"
            took = time.monotonic() - now
            next_look = now + max(2 * _LOOK, _MOST_OF_THE_TIME * took)


def _status(pid: int) -> int | None:
    """The exit status of the command once it has ended. Other children, orphans, are waited for."""
    code = None
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == pid:
                code = os.waitstatus_to_exitcode(ended[1])
    except ChildProcessError:
        pass
    # A signal is counted as shells do it.
    return 128 - code if code is not None and code < 0 else code


def _make_groups(plan: Plan) -> None:
    if "groups" not in plan:
        return
    groups = plan["groups"]
    for folder in groups["folders"]:
        os.mkdir(folder)  # noqa: PTH102
    for file, value in groups["values"]:
        with open(file, "w") as setting:
            setting.write(value)
    for file, value in groups["wanted"]:
        try:
            with open(file, "w") as setting:
                setting.write(value)
        except OSError:
            continue


def _clear_up(plan: Plan, result: Report) -> None:
    if "after" in plan:
        tree.reaped()
        pid = os.posix_spawn(
            plan["after"][0], plan["after"], plan["env"],
            file_actions=[
                (os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in range(3)
            ],
            setsigmask=(),
        )  # fmt: skip
        os.waitpid(pid, 0)
    if _out_of_memory(plan) and result["killed"] is None:
        result["killed"] = "memory"
    if not tree.remove_groups(_folders(plan), _TO_DIE):
        result["failed"] = "its control group could not be removed"


def _out_of_memory(plan: Plan) -> bool:
    """Whether the kernel killed a process of the command for want of memory."""
    if "groups" not in plan:
        return False
    try:
        with open(plan["groups"]["oom"]) as events:
            return any(line.split()[0] == "oom_kill" and int(line.split()[1]) for line in events)
    except OSError:
        return False


def _folders(plan: Plan) -> list[str]:
    return plan["groups"]["folders"] if "groups" in plan else []


def _all_of(descriptor: int) -> bytes:
    found = b""
    while data := os.read(descriptor, 4096):
        found += data
    return found
