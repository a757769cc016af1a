"""``argent config``: what is in effect, where it was set, one setting, and the schema."""

import json

import pytest

from gateway.cli.main import main
from gateway.config_load import load
from gateway.config_schema import secrets

CONFIG = """
[agents.defaults]
max_steps = 3
[agents.coder]
model = "offline"
[channels.telegram]
token = "1:a-secret-token"
"""


@pytest.fixture
def config(tmp_path, capsys, monkeypatch):
    """Runs ``argent config …`` on a file; its exit code and everything it said."""
    monkeypatch.setenv("ARGENT_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("ARGENT_LOG__LEVEL", "debug")
    (tmp_path / "argent.toml").write_text(CONFIG)
    (tmp_path / "argent.toml").chmod(0o600)

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["config", *arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return run


def test_every_setting_is_shown_with_where_it_was_set_and_no_secret(config, tmp_path):
    code, said = config("show")
    assert code == 0
    here = f"# {tmp_path}/argent.toml, line"
    assert f'agents.coder.model = "offline"  {here} 5' in said
    assert f"agents.coder.max_steps = 3  {here} 3" in said
    assert 'log.level = "debug"  # ARGENT_LOG__LEVEL' in said
    assert 'log.format = "auto"\n' in said
    assert f'channels.telegram.token = "**********"  {here} 7' in said
    assert "a-secret-token" not in said


def test_a_secret_that_is_named_is_shown_with_its_file_and_not_with_its_value(config, tmp_path):
    secret = tmp_path / "token"
    secret.touch(0o600)
    secret.write_text("2:another-secret")
    _, said = config("show", "--set", f"channels.telegram.token=file:{secret}")
    assert f'channels.telegram.token = "**********"  # the command line ({secret})' in said
    assert "another-secret" not in said


def test_a_password_in_an_address_is_shown_nowhere_and_left_out_of_logs(config, monkeypatch):
    address = "https://me:a-pass@word@models.example.org/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    for arguments in (["show"], ["get", "models.openai.base_url"], ["get", "models"]):
        _, said = config(*arguments)
        assert "https://**********@models.example.org/v1" in said
        assert "a-pass" not in said
        assert "@word" not in said
    settings = load(None, {"OPENAI_BASE_URL": address}).settings
    assert "a-pass@word" in secrets(settings)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("agents.defaults.max_steps", "3\n"),
        ("agents.coder.max_steps", "3\n"),
        ("log.level", "debug\n"),
        ("agents.defaults.tools", ""),
        ("channels.telegram.owners", "[]\n"),
        ("channels.telegram.token", "**********\n"),
        ("limits", "limits.sender_turns = 20\n"),
    ],
)
def test_one_setting_is_printed_as_a_script_wants_it(config, key, value):
    code, said = config("get", key)
    assert code == 0
    assert said.startswith(value)


def test_one_setting_in_json_says_all_about_it(config):
    _, said = config("get", "gateway.drain_seconds", "--json")
    assert json.loads(said)["data"] == {
        "key": "gateway.drain_seconds",
        "value": 25.0,
        "origin": None,
        "default": 25.0,
        "unit": "s",
        "meaning": "How long a stopping gateway lets running turns finish; the rest resume at the "
        "next start.",
        "change": "at once",
    }


def test_a_name_that_is_no_setting_is_told_what_was_meant(config):
    code, said = config("get", "log.levl")
    assert code == 5
    assert "did you mean 'level'?" in said


def test_the_schema_is_put_where_the_settings_file_points_to_it(config, tmp_path):
    assert config("schema", "--write")[0] == 0
    written = json.loads((tmp_path / "argent.schema.json").read_text())
    assert json.loads(config("schema")[1]) == written
