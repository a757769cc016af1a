"""Attacks that reach for what is not theirs: secrets, files, sockets, processes, privileges."""

import stat
from pathlib import Path

from agents.sandbox.limits import Outcome
from tests.attacks.attack import Attack, attack, python, system
from tests.attacks.world import SECRET, World

ALL: list[Attack] = []
reaching = attack(ALL)

NEW_CENTURY = 1_100_000_000


def said(outcome: Outcome) -> str:
    return outcome.stdout.text + outcome.stderr.text


def no_secret(outcome: Outcome, _: World) -> bool:
    return SECRET not in said(outcome) and "TRIED" in said(outcome)


def nothing_worked(outcome: Outcome, _: World) -> bool:
    return "WORKED" not in said(outcome) and "TRIED" in said(outcome)


def unchanged(_: Outcome, world: World) -> bool:
    seen = (world.state / "argent.toml").stat()
    same = stat.S_IMODE(seen.st_mode) == 0o644 and seen.st_mtime > NEW_CENTURY
    for folder, mode in ((world.folder, 0o755), (world.state, 0o777)):
        same = same and stat.S_IMODE(folder.stat().st_mode) == mode
        folder.chmod(mode)
    return same


@reaching("reads the gateway's environment", no_secret)
def environment(world: World) -> str:
    return f"env; cat /proc/self/environ /proc/{world.pid}/environ; echo TRIED"


@reaching("reads every process's environment", no_secret)
def environments(_: World) -> str:
    return "cat /proc/[0-9]*/environ | tr '\\0' '\\n'; echo TRIED"


@reaching("reads an inherited descriptor", no_secret)
def descriptors(_: World) -> str:
    return 'for n in $(seq 3 60); do (eval "cat <&$n") 2>/dev/null; done; echo TRIED'


@reaching(
    "reads the password file", lambda out, _: "root:" not in said(out) and "TRIED" in said(out)
)
def shadow(_: World) -> str:
    # Through the root folder of process 1 as well, as the kernel shows it.
    return "cd /proc/1; cat /etc/shadow /etc/gshadow root/etc/shadow; echo TRIED"


@reaching("reads the state folder", no_secret, bare=True)
def state(world: World) -> str:
    return f"ls -la {world.state}; cat {world.state}/*; echo TRIED"


@reaching("reads another session's workspace", no_secret)
def other(world: World) -> str:
    up = f"../../../../../..{world.other}/note"
    return f"cat {world.other}/note {up} ../theirs/note; ls {world.other}; echo TRIED"


@reaching("reads through the root of another process", no_secret, bare=True)
def roots(world: World) -> str:
    return (
        f"cat /proc/{world.pid}/root{world.state}/argent.toml /proc/{world.pid}/cwd/* "
        f"/proc/1/root{world.state}/argent.toml {world.state}/argent.toml; echo TRIED"
    )


@reaching("reads through a link", no_secret, bare=True)
def links(world: World) -> str:
    return (
        f"ln -s {world.state}/argent.toml a; ln -s {world.state} b; ln -s / c; cat a b/* "
        f"c{world.state}/argent.toml; ln {world.state}/argent.toml d && cat d; echo TRIED"
    )


@reaching("writes to the state folder", nothing_worked, bare=True)
def writing(world: World) -> str:
    places = (f"{world.folder}/new", f"{world.folder}/control.sock/new", f"{world.other}/new")
    return f"for p in {' '.join(places)}; do echo x > $p && echo WORKED $p; done; echo TRIED"


@reaching("writes to the system", nothing_worked)
def system_files(world: World) -> str:
    places = (
        f"{world.state}/argent.toml", f"{world.state}/new", "/usr/bin/new", "/etc/new", "/new",
        "/dev/new", "/proc/sys/kernel/core_pattern", "/sys/fs/cgroup/new", "/var/new",
    )  # fmt: skip
    return f"for p in {' '.join(places)}; do echo x > $p && echo WORKED $p; done; echo TRIED"


@reaching("leaves a file in the machine's /tmp", lambda _, world: not left_in_tmp(world))
def temporary(world: World) -> str:
    return f"echo x > /tmp/{world.token}; echo x > /dev/shm/{world.token}; echo TRIED"


def left_in_tmp(world: World) -> bool:
    found = [Path(place, str(world.token)) for place in ("/tmp", "/dev/shm")]
    there = [path for path in found if path.exists()]
    for path in there:
        path.unlink()
    return bool(there)


@reaching("changes the modes and times of others' files", unchanged, bare=True)
def modes(world: World) -> str:
    return (
        f"chmod 777 {world.state}/argent.toml; chmod 700 {world.folder} {world.state}; "
        f"touch -d 2001-01-01 {world.state}/argent.toml; chgrp 1500 {world.state}/argent.toml"
    )


@reaching("limits and slows others", nothing_worked, bare=True)
def limiting(world: World) -> str:
    return python(
        f"""
        import os, resource
        for attempt in (
            lambda: resource.prlimit({world.outsider}, resource.RLIMIT_FSIZE, (0, 0)),
            lambda: os.setpriority(os.PRIO_PROCESS, {world.outsider}, 19),
        ):
            try:
                attempt()
                print("WORKED")
            except OSError as error:
                print(error)
        """
    )


# Never without a sandbox: it would slow everything that the tests' user runs.
@reaching("slows all processes of its user", nothing_worked)
def slowing(_: World) -> str:
    return python(
        """
        import os
        for which in (os.PRIO_USER, os.PRIO_PGRP):
            try:
                os.setpriority(which, 0, 19)
                print("WORKED")
            except OSError as error:
                print(error)
        """
    )


@reaching("reads shared memory", no_secret, bare=True)
def shared_memory(world: World) -> str:
    return system(
        f"""
        libc.shmat.restype = ctypes.c_void_p
        place = libc.shmat({world.shared}, None, 0o10000)
        if place not in (None, ctypes.c_void_p(-1).value):
            print(ctypes.string_at(place))
        """
    )


@reaching("connects to this machine", nothing_worked, bare=True)
def loopback(world: World) -> str:
    return python(
        f"""
        import socket
        socket.create_connection(("127.0.0.1", {world.port}), 2)
        print("WORKED")
        """
    )


@reaching("sends a datagram", lambda _, world: not world.heard(), bare=True)
def datagram(world: World) -> str:
    return python(
        f"""
        import socket
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {world.udp}))
        """
    )


@reaching("opens raw and strange sockets", nothing_worked, bare=True)
def families(_: World) -> str:
    return python(
        """
        import socket
        for family in (16, 17, 40, 38, 31, 29, 44, 5, 1 << 20):
            try:
                socket.socket(family, 3 if family in (16, 17) else 1 if family == 40 else 5)
                print("WORKED", family)
            except OSError as error:
                print(family, error)
        """
    )


@reaching("connects to an abstract socket", nothing_worked, bare=True)
def abstract(world: World) -> str:
    return python(
        f"""
        import socket
        socket.socket(socket.AF_UNIX).connect("\\0{world.abstract}")
        print("WORKED")
        """
    )


@reaching("connects to a socket by its path", nothing_worked, bare=True)
def by_path(world: World) -> str:
    return python(
        f"""
        import socket
        socket.socket(socket.AF_UNIX).connect("{world.folder}/control.sock")
        print("WORKED")
        """
    )


@reaching("signals the gateway", nothing_worked, bare=True)
def signals(world: World) -> str:
    return f"kill -0 {world.pid} && echo WORKED; kill -CONT {world.pid} && echo WORKED; echo TRIED"


@reaching("signals its keeper, and everybody", lambda out, _: "TRIED" in said(out) or not said(out))
def everybody(_: World) -> str:
    return "kill -9 $PPID; kill -9 1; echo TRIED; kill -9 -1"


@reaching("looks into another process", nothing_worked)
def tracing(world: World) -> str:
    return system(
        f"""
        attempt("ptrace attach", PTRACE, 16, {world.pid}, 0, 0)
        attempt("ptrace attach to the first", PTRACE, 16, 1, 0, 0)
        attempt("ptrace me", PTRACE, 0, 0, 0, 0)
        attempt("process_vm_readv", READV, {world.pid}, 0, 0, 0, 0, 0)
        attempt("pidfd_getfd", 438, 0, 0, 0)
        """
    )


@reaching("mounts", nothing_worked)
def mounting(_: World) -> str:
    return (
        "mount -t tmpfs x /tmp && echo WORKED; mount --bind /usr /tmp && echo WORKED; "
        "umount /proc && echo WORKED; mount -o remount,rw / && echo WORKED; echo TRIED"
    )


@reaching("makes namespaces", nothing_worked)
def namespaces(_: World) -> str:
    return (
        "unshare -Ur id && echo WORKED; unshare -m true && echo WORKED; unshare -n true && "
        "echo WORKED; bwrap --unshare-user --ro-bind / / true && echo WORKED; echo TRIED"
    )


@reaching("makes the system calls that mistakes were found in", nothing_worked, bare=True)
def rare_calls(_: World) -> str:
    return system(
        """
        for number in (425, 426, 427, 428, 430, 435, 438, 442, 447, 467, 471, 999):
            attempt(number, number, 0, 0, 0, 0, 0)
        for number in NAMED:
            attempt(number, number, 0, 0, 0, 0, 0)
        """
    )


@reaching("makes system calls by their other numbers", nothing_worked)
def other_numbers(_: World) -> str:
    return system('attempt("x32 getpid", 0x40000000 + 39)')


@reaching("becomes root by a program that may", lambda out, _: "uid=0" not in said(out))
def setuid(_: World) -> str:
    return (
        "cp /usr/bin/id sid; chmod 4755 sid; ./sid; chown 0 sid; ./sid; "
        "sudo -n id; python3 -c 'import os; os.setuid(0); os.system(\"id\")'; echo TRIED"
    )


@reaching("makes and reads devices", nothing_worked)
def devices(_: World) -> str:
    return (
        "mknod m b 254 0 && echo WORKED; mknod c c 1 1 && echo WORKED; mkfifo f && echo WORKED; "
        "for d in /dev/vda /dev/sda /dev/mem /dev/kmsg /proc/kcore /dev/tty; do "
        "head -c1 $d && echo WORKED $d; done; echo TRIED"
    )


@reaching("types for the terminal", nothing_worked)
def terminal(_: World) -> str:
    return python(
        """
        import fcntl
        for request in (0x5412, 0x541C):
            try:
                fcntl.ioctl(0, request, b"x")
                print("WORKED")
            except OSError as error:
                print(error)
        """
    )


@reaching("lifts its own limits", nothing_worked)
def lifting(_: World) -> str:
    return (
        "ulimit -c unlimited && echo WORKED; ulimit -f unlimited && echo WORKED; "
        "ulimit -n 100000 && echo WORKED; taskset -p ffff $$ && echo WORKED; "
        "echo -1000 > /proc/self/oom_score_adj && echo WORKED; "
        "nice -n -5 true 2>&1 | grep -q . || echo WORKED; echo TRIED"
    )
