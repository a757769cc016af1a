"""What is said of a name that is no setting, by every way in which one can be given."""

from pathlib import Path

import pytest

from gateway.config_errors import ConfigError
from gateway.config_load import load


def said(path: Path | None, environ: dict[str, str], **overrides: str) -> str:
    try:
        return "\n".join(load(path, environ, overrides).warnings)
    except ConfigError as error:
        return str(error)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ARGENT_AGENT__DEFAULTS__MODEL", "ARGENT_AGENTS__DEFAULTS__MODEL"),
        ("ARGENT_AGENTS__CODER__MODLE", "ARGENT_AGENTS__CODER__MODEL"),
        ("ARGENT_AGENTS__DEFAULTS__SESSION__IDLE", "ARGENT_AGENTS__DEFAULTS__SESSION__IDLE_AFTER"),
        ("ARGENT_MODEL", "ARGENT_AGENTS__DEFAULTS__MODEL"),
        ("ARGENT_LOG_LEVEL", "ARGENT_LOG__LEVEL"),
        ("ARGENT_LOG", "ARGENT_LOG__LEVEL"),
        ("ARGENT_GATEWAY__MAXTURNS", "ARGENT_GATEWAY__MAX_TURNS"),
        ("ARGENT_CHANNELS__TELEGRAM__TOKN", "ARGENT_CHANNELS__TELEGRAM__TOKEN"),
        ("ARGENT_TELEGRAM_BOT_TOKEN", "TELEGRAM_BOT_TOKEN"),
        ("ARGENT_TOKEN", "ARGENT_CHANNELS__TELEGRAM__TOKEN"),
        ("ARGENT_SESSIONS__TELEGRAM_1_MAIN__MODEL", "ARGENT_SESSION__TELEGRAM_1_MAIN__MODEL"),
        ("ARGENT_SESSION__TELEGRAM_1_MAIN__MODL", "ARGENT_SESSION__TELEGRAM_1_MAIN__MODEL"),
        ("ARGENT_MCP__FILES__COMAND", "ARGENT_MCP__FILES__COMMAND"),
        ("ARGENT_STATEDIR", "ARGENT_STATE_DIR"),
    ],
)
def test_a_variable_that_sets_nothing_is_told_what_was_meant(given, meant):
    assert f"{given} sets nothing" in said(None, {given: "x"})
    assert f"did you mean {meant!r}?" in said(None, {given: "x"})


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("agent.defaults.model", "agents"),
        ("agents.default.skill", "agents.defaults"),
        ("agents.model", "agents.defaults.model"),
        ("agents.coder.modle", "model"),
        ("log", "log.level"),
        ("log.levl", "level"),
        ("gateway.maxTurns", "max_turns"),
        ("gateway.max-turns", "max_turns"),
        ("telegram.token", "channels.telegram"),
        ("channels.telegrm.token", "telegram"),
        ("channels.telegram.tokn", "token"),
        ("session.telegram:1:main.modle", "model"),
        ("session.defaults.idle_after", "agents.defaults.session.idle_after"),
        ("models.open-ai.api_key", "openai"),
        ("sandbox.mem", "memory"),
        ("sandbox.groups.memory", "group"),
        ("mcp.files.comand", "command"),
    ],
)
def test_a_name_that_is_no_setting_is_told_what_was_meant(tmp_path, key, meant):
    assert f"did you mean {meant!r}?" in said(None, {}, **{key: "x"})
    *section, name = key.split(".")
    header = ".".join(f'"{each}"' for each in section)
    config = tmp_path / "argent.toml"
    config.write_text(f'{f"[{header}]" if section else ""}\n{name} = "x"\n')
    config.chmod(0o600)
    told = said(config, {})
    assert f"did you mean {meant!r}?" in told
    assert ", line " in told


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("log.level", "debgu", "debug"),
        ("channels.telegram.dm_policy", "pair", "pairing"),
        ("channels.telegram.kind", "telegrm", "telegram"),
        ("rules.a.type", "grup", "group"),
        ("sandbox.backend", "bwrap", "bubblewrap"),
        ("session.telegram-1-main.persistence", "alway", "always"),
        ("agents.defaults.model", "ofline", "offline"),
    ],
)
def test_a_value_that_is_none_of_the_choices_is_told_the_nearest(key, value, meant):
    token = {"TELEGRAM_BOT_TOKEN": "1:a"}
    told = said(None, token, **{key: value})
    assert "did you mean" in told
    assert meant in told
    variable = "ARGENT_" + key.replace("-", "_").replace(".", "__").upper()
    told = said(None, token | {variable: value})
    assert f"{variable}: " in told
    assert meant in told
