"""`argent mcp` as a real process, with real servers."""

import sys

import pytest

from tests.acceptance.test_cli import Argent, argent
from tests.emulators.mcp.traits import Traits

__all__ = ["argent"]

pytestmark = pytest.mark.acceptance


@pytest.fixture
def served(argent: Argent) -> Argent:
    """One server that works, one that dies, one that is switched off."""
    argent.state.mkdir(mode=0o700)
    program = f'"{sys.executable}", "-m", "tests.emulators.mcp.stdio"'
    dying = str(Traits(dies="no license found"))
    lines = [
        "[mcp.files]",
        f"command = [{program}]",
        f"cwd = '{argent.environ['PYTHONPATH']}'",
        'env = { TOKEN = "sesame-open" }',
        'tools = ["echo", "f*"]',
        "[mcp.dying]",
        f"command = [{program}, '{dying}']",
        f"cwd = '{argent.environ['PYTHONPATH']}'",
        "[mcp.off]",
        'url = "http://127.0.0.1:1/mcp"',
        "enabled = false",
    ]
    config = argent.state / "argent.toml"
    config.write_text("\n".join(lines))
    config.chmod(0o600)
    return argent


def test_every_server_is_listed_with_what_it_offers_or_what_is_wrong(served: Argent) -> None:
    done = served.run("mcp", "list")
    assert done.returncode == 1
    files, dying, off = (line.split() for line in done.stdout.splitlines())
    assert files == ["files", "connected", "in", "main", "3", "tools"]
    assert dying == ["dying", "failed", "in", "main", "it", "ended:", "no", "license", "found"]
    assert off == ["off", "disabled", "in", "main"]


def test_a_server_is_tested_and_its_tools_are_named(served: Argent) -> None:
    (data,) = served.data("mcp", "test", "files")["servers"]
    assert data["condition"] == "connected"
    assert data["tools"] == ["files__echo", "files__fail", "files__facts"]
    assert "files__echo" in served.ok("mcp", "test", "files")


def test_a_server_that_cannot_be_used_is_an_exit_code(served: Argent) -> None:
    done = served.run("mcp", "test", "dying")
    assert done.returncode == 3
    assert "it ended: no license found" in done.stdout


def test_a_name_that_is_not_configured_is_refused_with_the_one_that_was_meant(
    served: Argent,
) -> None:
    error = served.refused(5, "mcp", "test", "file")
    assert error["code"] == "not_found"
    assert "'files'" in error["hint"]


def test_without_servers_it_says_how_to_configure_one(argent: Argent) -> None:
    assert "argent.example.toml" in argent.ok("mcp", "list")


def test_secrets_of_servers_are_covered(served: Argent) -> None:
    shown = served.ok("config", "show")
    assert "mcp.files.env.TOKEN" in shown
    assert "sesame" not in shown
