"""Secrets that a setting names instead of holding them."""

import os
from pathlib import Path

import pytest

from gateway.config_errors import ConfigError
from gateway.config_load import load
from gateway.config_schema import secrets


@pytest.fixture
def secret(tmp_path: Path):
    def write(content: str | bytes = "123:token\n", mode: int = 0o600) -> Path:
        path = tmp_path / "telegram"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    return write


def token_of(environ: dict[str, str], path: Path | None = None) -> str:
    return load(path, environ).settings.channels["telegram"].token.get_secret_value()


def refused(written: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(None, {"TELEGRAM_BOT_TOKEN": written})
    return str(caught.value)


@pytest.mark.parametrize(
    "content", ["123:token", "123:token\n", "123:token\r\n", "\ufeff123:token"]
)
def test_a_secret_comes_from_the_file_that_its_setting_names(secret, content):
    assert token_of({"TELEGRAM_BOT_TOKEN": f"file:{secret(content)}"}) == "123:token"


def test_it_can_be_named_in_the_settings_file_and_through_a_link(secret, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(secret())
    config = tmp_path / "argent.toml"
    config.write_text(f'[channels.telegram]\ntoken = "file:{link}"\n')
    config.chmod(0o644)
    loaded = load(config, {})
    assert loaded.settings.channels["telegram"].token.get_secret_value() == "123:token"
    assert loaded.secret_files == (link,)
    assert loaded.warnings == ()  # the settings file itself holds none


def test_it_can_be_named_in_a_servers_environment(secret, tmp_path):
    config = tmp_path / "argent.toml"
    config.write_text(f'[mcp.files]\ncommand = ["x"]\nenv = {{ KEY = "file:{secret()}" }}\n')
    config.chmod(0o600)
    assert load(config, {}).settings.mcp["files"].env["KEY"].get_secret_value() == "123:token"


def test_the_log_is_told_the_secret_and_not_where_it_is(secret):
    loaded = load(None, {"TELEGRAM_BOT_TOKEN": f"file:{secret()}"})
    assert secrets(loaded.settings) == ("123:token",)
    assert "123:token" not in repr(loaded)


def test_a_secret_that_everybody_can_read_gives_a_warning(secret):
    path = secret(mode=0o644)
    (warning,) = load(None, {"TELEGRAM_BOT_TOKEN": f"file:{path}"}).warnings
    assert f"chmod 600 {path}" in warning
    # With an access list, as a systemd credential has one, the group's bits are its mask.
    path.chmod(0o440)
    assert not load(None, {"TELEGRAM_BOT_TOKEN": f"file:{path}"}).warnings


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8"),
        ("x" * 70_000, "64 kB"),
    ],
)
def test_what_is_no_secret_is_refused(secret, content, said):
    assert said in refused(f"file:{secret(content)}")


def test_a_secret_that_is_missing_is_told_with_its_line(tmp_path):
    config = tmp_path / "argent.toml"
    config.write_text(f'[channels.telegram]\ntoken = "file:{tmp_path}/gone"\n')
    with pytest.raises(ConfigError, match=r"line 2: channels\.telegram\.token .*No such file"):
        load(config, {})


def test_a_pipe_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in refused(f"file:{tmp_path}/pipe")


@pytest.mark.parametrize("path", ["~no-such-user/token", "/run/to\0ken"])
def test_a_path_that_nothing_can_be_at_is_refused(path):
    assert path[:4] in refused(f"file:{path}")


def test_a_path_that_depends_on_where_argent_is_started_is_refused():
    assert "write file:/" in refused("file:token")


def test_a_token_that_was_copied_with_something_else_is_refused_and_not_shown(secret):
    path = secret("123:token\nwas made by me")
    said = refused(f"file:{path}")
    assert "a space or a line break" in said
    assert "123:token" not in said


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("TELEGRAM_BOT_TOKEN_FILE", "TELEGRAM_BOT_TOKEN"),
        ("ARGENT_CHANNELS__TELEGRAM__TOKEN_FILE", "ARGENT_CHANNELS__TELEGRAM__TOKEN"),
    ],
)
def test_a_variable_as_other_programs_have_it_is_pointed_to_argents(given, meant):
    (warning,) = load(None, {given: "/run/secrets/telegram"}).warnings
    assert warning.startswith(f"{given} is not read; write {meant}=file:/…")
