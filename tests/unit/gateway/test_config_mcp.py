"""MCP servers in a configuration: names stay as they are, mistakes are told with their place."""

import json
from pathlib import Path

import pytest

from gateway.config_errors import ConfigError
from gateway.config_load import load


def config(tmp_path: Path, text: str, name: str = "argent.toml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_names_of_variables_and_headers_stay_as_they_are(tmp_path: Path) -> None:
    servers = {
        "files": {"command": ["x"], "env": {"githubToken": "a", "GITHUB_TOKEN": "b"}},
        "web": {"url": "https://example.org/mcp", "headers": {"X-apiKey": "c"}},
    }
    settings = load(config(tmp_path, json.dumps({"mcp": servers}), "argent.json"), {}).settings
    assert set(settings.mcp["files"].env) == {"githubToken", "GITHUB_TOKEN"}
    assert set(settings.mcp["web"].headers) == {"X-apiKey"}


def test_two_servers_may_have_one_token(tmp_path: Path) -> None:
    one = '[mcp.{}]\ncommand = ["x"]\nenv = {{ token = "same" }}\n'
    assert len(load(config(tmp_path, one.format("a") + one.format("b")), {}).settings.mcp) == 2


def test_a_server_can_be_set_in_the_environment() -> None:
    environ = {
        "ARGENT_MCP__FILES__COMMAND": '["x", "a,b"]',
        "ARGENT_MCP__FILES__TYPES": "main,dm",
        "ARGENT_MCP__FILES__ENV": '{"TOKEN": "a"}',
    }
    files = load(None, environ).settings.mcp["files"]
    assert files.command == ("x", "a,b")
    assert [str(each) for each in files.types] == ["main", "dm"]
    assert files.env["TOKEN"].get_secret_value() == "a"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[mcp.files]\ncommand = "npx server"', "line 2: mcp.files.command"),
        ("[mcp.files]\nenabled = true", "mcp.files needs either `command` or `url`"),
        ('[mcp.my_files]\ncommand = ["x"]', "'my_files' cannot be a server's name"),
        ('[mcp.files]\ncommand = ["x"]\ntimout = 3', "did you mean 'timeout'?"),
        ('[mcp.files]\ncommand = ["x"]\ntypes = ["everybody"]', "line 3: mcp.files.types"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(config(tmp_path, text), {})
    assert says in str(refused.value)
