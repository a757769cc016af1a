"""Attacks that use more than they may: time, output, processes, memory, processors, disk."""

from dataclasses import replace

from agents.sandbox.limits import Killed, Outcome
from tests.attacks.attack import QUICK, Attack, attack, python
from tests.attacks.world import World

ALL: list[Attack] = []
using = attack(ALL)

SHORT = replace(QUICK, wall=0.5)
MEGABYTE = 1 << 20


def ended_in_time(outcome: Outcome, _: World) -> bool:
    return outcome.killed_by is Killed.TIME and outcome.seconds < SHORT.wall + 2


def went_on(outcome: Outcome, _: World) -> bool:
    """It was not waited for what stays in the background."""
    return "TRIED" in outcome.stdout.text and outcome.seconds < 4


def bounded(outcome: Outcome, _: World) -> bool:
    kept = len(outcome.stdout.head) + len(outcome.stdout.tail)
    return 0 < kept <= QUICK.output and outcome.stdout.dropped > 0


@using("sleeps", ended_in_time, limits=SHORT)
def sleeps(world: World) -> str:
    return f"sleep {world.token}"


@using("ignores signals", ended_in_time, limits=SHORT)
def ignores(world: World) -> str:
    return f"trap '' TERM INT HUP QUIT; while :; do sleep {world.token}; done"


@using("stops itself", ended_in_time, limits=SHORT)
def stops(_: World) -> str:
    return "kill -STOP $$; kill -STOP 1; sleep 60"


@using("stays in the background", went_on)
def background(world: World) -> str:
    return (
        f"setsid nohup sleep {world.token} >/dev/null 2>&1 & "
        f"(setsid sh -c 'sleep {world.token} & exec sleep {world.token}' >/dev/null 2>&1 &); "
        "echo TRIED"
    )


@using("holds its output in the background", went_on)
def holds(world: World) -> str:
    return f"sleep {world.token} & echo TRIED"


@using("forks twice and becomes a daemon", went_on)
def daemon(world: World) -> str:
    return python(
        f"""
        import os
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setpgid(0, 0)
                os.execvp("sleep", ["sleep", "{world.token}"])
            os._exit(0)
        """
    )


@using("says a gigabyte", lambda out, world: bounded(out, world) and "TRIED" in out.stdout.text)
def gigabyte(_: World) -> str:
    return "head -c 1000000000 /dev/zero; echo TRIED"


@using("never ends to speak", lambda o, w: bounded(o, w) and ended_in_time(o, w), limits=SHORT)
def endless(_: World) -> str:
    return "yes"


@using("never ends to complain", ended_in_time, limits=SHORT)
def complaining(_: World) -> str:
    return "yes >&2"


@using("speaks in noise", lambda out, _: bounded(out, _) and readable(out.stdout.text))
def noise(_: World) -> str:
    return "head -c 300000 /dev/urandom; printf '\\000\\033[2J\\377\\302'"


def readable(text: str) -> bool:
    return text.encode().decode() == text and not set(text) & {"\0", "\033", "\x9b"}


@using("bombs with forks", lambda out, _: out.seconds < 5, limits=SHORT)
def forks(_: World) -> str:
    return "f() { f | f & }; f; sleep 60"


@using("bombs with forks that do not wait", lambda out, _: out.killed_by is not None, limits=SHORT)
def fast_forks(_: World) -> str:
    return python(
        """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """
    )


@using("begins many threads", lambda out, _: threads_of(out) <= QUICK.pids)
def threads(_: World) -> str:
    return python(
        """
        import threading
        event, count = threading.Event(), 0
        try:
            for count in range(500):
                threading.Thread(target=event.wait, daemon=True).start()
        except RuntimeError:
            pass
        print("THREADS", count, flush=True)
        """
    )


def threads_of(outcome: Outcome) -> int:
    return int(outcome.stdout.text.split("THREADS")[1].split()[0])


@using("takes memory", lambda out, _: "1024" not in out.stdout.text)
def memory(_: World) -> str:
    return python(
        """
        blocks = []
        for number in range(20):
            blocks.append(bytearray(64 << 20))
            print(64 * (number + 1), flush=True)
        """
    )


@using("takes memory with many processes", lambda out, _: out.stdout.text.count("HOLDS") <= 3)
def much_memory(_: World) -> str:
    one = python(
        """
        import time
        block = b"x" * (100 << 20)
        time.sleep(0.5)
        print("HOLDS", flush=True)
        """
    )
    return f"for i in 1 2 3 4 5 6 7 8; do ({one}) & done; wait"


@using("takes memory with files in it", lambda out, _: "WORKED" not in out.stdout.text)
def memory_files(_: World) -> str:
    return (
        "for f in /dev/shm/a /tmp/a /dev/a; do "
        "dd if=/dev/zero of=$f bs=1M count=300 2>/dev/null && echo WORKED $f; done; echo TRIED"
    )


@using("takes every processor", lambda out, _: processor_seconds(out) < 1.3)
def processors(_: World) -> str:
    return python(
        """
        import os, time
        for number in range(4):
            if os.fork() == 0:
                end = time.monotonic() + 0.6
                while time.monotonic() < end:
                    pass
                os._exit(0)
        for number in range(4):
            os.wait()
        used = os.times()
        print("SECONDS", used.children_user + used.children_system, flush=True)
        """
    )


def processor_seconds(outcome: Outcome) -> float:
    return float(outcome.stdout.text.split("SECONDS")[1].split()[0])


def disk_was_kept(_: Outcome, world: World) -> bool:
    held = sum(each.lstat().st_blocks * 512 for each in world.workspace.rglob("*"))
    return held < 6 * QUICK.disk


@using("fills the disk with one file", disk_was_kept)
def one_file(_: World) -> str:
    return "dd if=/dev/zero of=big bs=1M count=2000"


@using(
    "fills the disk with many files",
    lambda o, w: o.killed_by is Killed.DISK and disk_was_kept(o, w),
)
def many_files(_: World) -> str:
    return "i=0; while :; do dd if=/dev/zero of=big$i bs=1M count=8 2>/dev/null; i=$((i+1)); done"


@using("fills the disk with files that have no name", lambda o, _: o.killed_by is Killed.DISK)
def nameless(_: World) -> str:
    return python(
        """
        import os, time
        files = []
        for number in range(20):
            files.append(os.open("u", os.O_CREAT | os.O_RDWR))
            os.unlink("u")
            for _ in range(32):
                os.write(files[-1], b"x" * (1 << 20))
        time.sleep(30)
        """
    )


@using(
    "makes too many files",
    lambda out, _: out.killed_by is Killed.DISK,
    limits=replace(QUICK, files=2_000),
)
def inodes(_: World) -> str:
    return python(
        """
        number = 0
        while True:
            open(f"f{number}", "w").close()
            number += 1
        """
    )


@using("hides what it holds deep in folders", lambda out, _: out.killed_by is Killed.DISK)
def deep(_: World) -> str:
    return python(
        """
        import os
        for _ in range(1200):
            os.mkdir("d")
            os.chdir("d")
        """
    )


@using("makes a file that is larger than the disk", lambda out, _: "WORKED" not in out.stdout.text)
def sparse(_: World) -> str:
    return "truncate -s 100G sparse && echo WORKED; echo TRIED"
