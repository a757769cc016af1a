"""The filter is run here as the kernel would run it."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sandbox.numbers import MACHINES
from agents.sandbox.seccomp import (
    ALLOW,
    ATTRIBUTES,
    AUDIT_ARCH,
    ERROR,
    INET,
    INET6,
    IPC,
    KILL,
    UNIX,
    X32,
    program,
)

STEP = struct.Struct("<HBBI")
MOST_STEPS = 4096
"""``BPF_MAXINSNS``."""
HARMLESS = {"x86_64": {"read": 0, "openat": 257, "execve": 59, "fork": 57, "socketpair": 53},
            "aarch64": {"read": 63, "openat": 56, "execve": 221, "socketpair": 199}}  # fmt: skip
CLONE_NEWUSER, SIGCHLD, CLONE_VM = 0x10000000, 17, 0x100


def decided(
    filter_: bytes, machine: str, number: int, *arguments: int, arch: int | None = None
) -> int:
    """What the filter returns for a call."""
    given = [*arguments, *(0,) * (6 - len(arguments))]
    arch = AUDIT_ARCH[machine] if arch is None else arch
    data = struct.pack("<IIQ6Q", number, arch, 0, *given)
    steps = list(STEP.iter_unpack(filter_))
    at = loaded = 0
    while True:
        code, then, otherwise, value = steps[at]
        at += 1
        match code:
            case 0x20:
                (loaded,) = struct.unpack_from("<I", data, value)
            case 0x06:
                return value
            case 0x15:
                at += then if loaded == value else otherwise
            case 0x35:
                at += then if loaded >= value else otherwise
            case 0x25:
                at += then if loaded > value else otherwise
            case 0x45:
                at += then if loaded & value else otherwise
            case _:
                raise AssertionError(f"no step of ours: {code:#x}")


@pytest.fixture(params=sorted(MACHINES))
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def filter_(machine: str) -> bytes:
    return program(machine, (UNIX, INET, INET6))


def test_it_is_a_program_that_the_kernel_takes(filter_: bytes) -> None:
    steps = list(STEP.iter_unpack(filter_))
    assert len(steps) <= MOST_STEPS
    for at, (code, then, otherwise, _) in enumerate(steps):
        if code not in (0x20, 0x06):
            assert at + 1 + max(then, otherwise) < len(steps)
    assert steps[-1][0] == 0x06


def test_ordinary_calls_are_allowed(machine: str, filter_: bytes) -> None:
    assert {decided(filter_, machine, each) for each in HARMLESS[machine].values()} == {ALLOW}


def test_every_call_in_the_table_is_refused_or_looked_at(machine: str, filter_: bytes) -> None:
    looked_at = {"clone", "socket", "ioctl", "prlimit64", "setpriority"} | IPC | ATTRIBUTES
    for name, number in MACHINES[machine].items():
        if name not in looked_at:
            assert decided(filter_, machine, number) in (
                ERROR | errno.EPERM, ERROR | errno.ENOSYS,
            ), name  # fmt: skip


def test_what_a_libc_can_do_without_seems_not_to_be_there(machine: str, filter_: bytes) -> None:
    for number in (435, 425, 426, 427, 471, 5_000):
        assert decided(filter_, machine, number) == ERROR | errno.ENOSYS


def test_a_process_is_made_but_no_namespace(machine: str, filter_: bytes) -> None:
    clone = MACHINES[machine]["clone"]
    assert decided(filter_, machine, clone, CLONE_VM | SIGCHLD) == ALLOW
    for bit in (
        0x00020000,
        0x02000000,
        0x04000000,
        0x08000000,
        CLONE_NEWUSER,
        0x20000000,
        0x40000000,
    ):
        assert decided(filter_, machine, clone, SIGCHLD | bit) == ERROR | errno.EPERM


def test_only_the_named_families_of_sockets_are_opened(machine: str) -> None:
    socket = MACHINES[machine]["socket"]
    every = range(50)
    for families in ((), (INET, INET6), (UNIX, INET, INET6)):
        filter_ = program(machine, families)
        opened = [each for each in every if decided(filter_, machine, socket, each) == ALLOW]
        assert opened == sorted(families)


def test_only_the_own_process_is_limited_or_slowed(machine: str, filter_: bytes) -> None:
    limit, slow = MACHINES[machine]["prlimit64"], MACHINES[machine]["setpriority"]
    assert decided(filter_, machine, limit, 0, 7) == ALLOW
    assert decided(filter_, machine, limit, 4711, 7) == ERROR | errno.EPERM
    assert decided(filter_, machine, slow, 0, 0, 10) == ALLOW
    for which, who in ((0, 4711), (1, 0), (2, 0)):
        assert decided(filter_, machine, slow, which, who, 10) == ERROR | errno.EPERM


@pytest.mark.parametrize("also", [IPC, ATTRIBUTES, IPC | ATTRIBUTES, frozenset[str]()])
def test_what_reaches_others_is_refused_where_it_is_asked(
    machine: str, also: frozenset[str]
) -> None:
    filter_ = program(machine, (), also)
    for name in (IPC | ATTRIBUTES) & MACHINES[machine].keys() - {"utimensat"}:
        answer = ERROR | errno.EPERM if name in also else ALLOW
        assert decided(filter_, machine, MACHINES[machine][name]) == answer, name


def test_the_times_of_an_open_file_can_be_set_and_of_a_path_not(machine: str) -> None:
    utimensat = MACHINES[machine]["utimensat"]
    filter_ = program(machine, (), ATTRIBUTES)
    assert decided(filter_, machine, utimensat, 3, 0) == ALLOW
    for path in (0x7FFF_0000_1000, 0x1_0000_0000, 0x1000):
        assert decided(filter_, machine, utimensat, 3, path) == ERROR | errno.EPERM


def test_nobody_types_for_a_terminal(machine: str, filter_: bytes) -> None:
    ioctl = MACHINES[machine]["ioctl"]
    assert decided(filter_, machine, ioctl, 0, 0x5401) == ALLOW
    for request in (0x5412, 0x541C, 0xFFFF_FFFF_0000_5412):
        assert decided(filter_, machine, ioctl, 0, request) == ERROR | errno.EPERM


def test_another_machine_s_calls_end_the_process(machine: str, filter_: bytes) -> None:
    assert decided(filter_, machine, 0, arch=0x40000003) == KILL


def test_x86_64_s_other_numbers_are_refused() -> None:
    filter_ = program("x86_64", ())
    assert decided(filter_, "x86_64", X32 + 1) == ERROR | errno.ENOSYS


@given(st.integers(0, 0xFFFFFFFF), st.lists(st.integers(0, (1 << 64) - 1), max_size=6))
def test_every_call_has_an_answer(number: int, arguments: list[int]) -> None:
    for machine in MACHINES:
        answer = decided(program(machine, (UNIX,)), machine, number, *arguments)
        assert answer in (
            ALLOW,
            *(ERROR | e for e in (errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT)),
        )


def test_a_machine_that_is_not_known_has_no_filter() -> None:
    with pytest.raises(KeyError):
        program("mips", ())
