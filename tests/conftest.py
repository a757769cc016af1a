"""What every test gets: no network beyond this machine, and Hypothesis profiles."""

import ipaddress
import os
import random
import signal
import socket
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("fast", max_examples=50, deadline=None)
settings.register_profile(
    "slow", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fast")


_PORTS = range(20_000, 32_000)
"""Below those that systems lend to outgoing connections, which would take one between two looks."""


@pytest.fixture
def unused_tcp_port() -> int:
    """A port that nobody listens on, and that no client of another test is given meanwhile."""
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port of this machine is free")


@pytest.fixture(scope="session", autouse=True)
def _own_runtime_dir(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Gateways of tests that run at once do not keep each other from the same emulated bot."""
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path_factory.mktemp("runtime"))


# A shell's background job ignores these, and so would every process that a test starts.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(
            _number,
            signal.default_int_handler if _number is signal.SIGINT else signal.SIG_DFL,
        )


class NetworkRefused(Exception):
    """A test tried to reach something that is not this machine."""


_refused: list[str] = []


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _refuse(target: str) -> None:
    _refused.append(target)
    raise NetworkRefused(f"tests reach loopback only, not {target}: use an emulator")


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        sock, address = args
        inet = getattr(sock, "family", None) in {socket.AF_INET, socket.AF_INET6}
        if inet and isinstance(address, tuple) and not _is_loopback(str(address[0])):
            _refuse(f"{address[0]}:{address[1]}")
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
        # An address is judged when it is connected to; a name would already leave the machine here.
        if isinstance(host, str) and host and not _is_address(host) and not _is_loopback(host):
            _refuse(host)


# Sees every socket of this process, whichever library opens it, and cannot be removed.
sys.addaudithook(_guard)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Fail the test also when the code under test swallowed the refusal."""
    _refused.clear()
    result = yield
    assert not _refused, f"tests reach loopback only, not {', '.join(_refused)}"
    return result
