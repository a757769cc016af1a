"""Settings from a file, the environment and the command line, and what is said of wrong ones."""

import os
from pathlib import Path

import pytest

from gateway.config import Settings
from gateway.config_env import ollama_url
from gateway.config_errors import ConfigError
from gateway.config_load import load
from gateway.config_schema import secrets
from gateway.setups import rules_of
from state.compaction import Strategy
from state.keys import Scope


@pytest.fixture
def config(tmp_path: Path):
    def write(text: str, name: str = "argent.toml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    return write


def problems(path: Path | None, environ: dict[str, str] | None = None, **overrides: object):
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {}, overrides)
    return [str(p) for p in caught.value.problems]


def test_with_nothing_given_the_defaults_hold():
    assert load(None, {}).settings == Settings()


def test_the_command_line_beats_the_environment_which_beats_the_file(config):
    path = config("[gateway]\nmax_turns = 1\nmax_queue = 1\nkeep_days = 11\n")
    environ = {"ARGENT_GATEWAY__MAX_TURNS": "2", "ARGENT_GATEWAY__MAX_QUEUE": "2"}
    gateway = load(path, environ, {"gateway.max_turns": "3"}).settings.gateway
    assert (gateway.max_turns, gateway.max_queue, gateway.keep_days) == (3, 2, 11)


@pytest.mark.parametrize("given", ["7,8", '["7", "8"]'])
def test_a_list_on_the_command_line_is_written_as_in_the_environment(given):
    overrides = {"channels.telegram.token": "1:a", "channels.telegram.owners": given}
    assert load(None, {}, overrides).settings.channels["telegram"].owners == ("7", "8")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ARGENT_AGENTS__DEFAULTS__MODEL": "gpt-4o"}, "did you mean openai:gpt-4o?"),
        (
            {"ARGENT_AGENTS__DEFAULTS__FALLBACKS": "offline,claude"},
            "did you mean anthropic:claude?",
        ),
        ({"ARGENT_AGENTS__DEFAULTS__MODEL": "openai:"}, "names no model"),
        ({"OPENAI_BASE_URL": "localhost:8000"}, "'localhost:8000' is no address"),
        (
            {"ARGENT_CHANNELS__TELEGRAM__API_ROOT": "localhost:8081", "TELEGRAM_BOT_TOKEN": "1:a"},
            "'localhost:8081' is no address",
        ),
    ],
)
def test_what_could_never_work_is_refused_before_the_start(given, said):
    (problem,) = problems(None, given)
    assert said in problem
    assert next(iter(given)) in problem


def test_json_takes_camel_case_but_keeps_account_names(config):
    path = config(
        '{"agents":{"defaults":{"session":{"maxContextTokens":9000,"channelScope":"collapsed"}}},'
        '"channels":{"my-bot":{"kind":"telegram","token":"t:1","dmPolicy":"open"}}}',
        "argent.json",
    )
    settings = load(path, {}).settings
    assert settings.agents.defaults.session.max_context_tokens == 9000
    assert settings.agents.defaults.session.channel_scope is Scope.COLLAPSED
    assert settings.channels["my-bot"].dm_policy == "open"


def test_the_settings_of_compaction_are_read_from_json_as_it_is_written_elsewhere(config):
    path = config(
        '{"agents":{"defaults":{"session":{"maxContextTokens":180000,"compactionThreshold":0.85,'
        '"channelScope":"collapsed","maxMessages":50,"triggerThreshold":0.75,"compactRatio":0.4,'
        '"preserveRecent":10,"useAiSummary":false,"showSummaryMarkers":true,"strategy":"hybrid",'
        '"summarizationPrompt":"Be brief.","summaryContextPrompt":"Before:"}}}}',
        "argent.json",
    )
    settings = load(path, {}).settings.agents.defaults.session
    rules = rules_of(settings, window=32_000)
    assert (rules.limit, rules.threshold, rules.strategy) == (32_000, 0.85, Strategy.HYBRID)
    assert (rules.trigger, rules.compact_ratio, rules.preserve_recent) == (38, 0.4, 10)
    assert (settings.use_ai_summary, settings.show_summary_markers) == (False, True)
    assert (settings.summarization_prompt, settings.summary_context_prompt) == (
        "Be brief.",
        "Before:",
    )


def test_json_keeps_the_ids_of_groups_as_they_are(config):
    path = config(
        '{"channels":{"slack":{"token":"xoxb-1","appToken":"xapp-1",\n'
        '"chats":{"C0ABcdE/17.5":{"respond":"always","users":["T0X/U1"]}}}}}',
        "argent.json",
    )
    chats = load(path, {}).settings.channels["slack"].chats
    assert chats["C0ABcdE/17.5"].respond == "always"
    wrong = config(
        '{"channels":{"slack":{"token":"xoxb-1","appToken":"xapp-1",\n'
        '"chats":{"C0ABcdE":{"answers":"always"}}}}}',
        "argent.json",
    )
    (problem,) = problems(wrong)
    assert "C0ABcdE.answers" in problem


def test_json_keeps_the_ids_of_guilds_and_workspaces_as_they_are(config):
    path = config(
        '{"channels":{"slack":{"token":"xoxb-1","appToken":"xapp-1",\n'
        '"scopes":{"T0ABcdE":"collapsed", "e2E":"per-channel"}}}}',
        "argent.json",
    )
    scopes = load(path, {}).settings.channels["slack"].scopes
    assert scopes == {"T0ABcdE": Scope.COLLAPSED, "e2E": Scope.PER_CHANNEL}
    wrong = config(
        '{"channels":{"slack":{"token":"xoxb-1","appToken":"xapp-1",\n'
        '"scopes":{"T0ABcdE":"together"}}}}',
        "argent.json",
    )
    (problem,) = problems(wrong)
    assert "line 2" in problem
    assert "T0ABcdE" in problem


def test_a_bot_token_in_the_environment_makes_the_account_exist():
    settings = load(None, {"TELEGRAM_BOT_TOKEN": "1:a"}).settings
    assert settings.channels["telegram"].token.get_secret_value() == "1:a"


def test_argents_own_variable_beats_the_usual_one():
    environ = {"TELEGRAM_BOT_TOKEN": "1:a", "ARGENT_CHANNELS__TELEGRAM__TOKEN": "2:b"}
    assert secrets(load(None, environ).settings) == ("2:b",)


def test_lists_come_from_commas_and_accounts_from_underscores():
    environ = {
        "ARGENT_CHANNELS__MY_BOT__KIND": "telegram",
        "ARGENT_CHANNELS__MY_BOT__TOKEN": "1:a",
        "ARGENT_CHANNELS__MY_BOT__OWNERS": "12, 34",
        "ARGENT_AGENTS__DEFAULTS__FALLBACKS": '["offline"]',
    }
    settings = load(None, environ).settings
    assert settings.channels["my-bot"].owners == ("12", "34")
    assert settings.agents.defaults.fallbacks == ("offline",)


def test_an_empty_variable_is_not_set():
    assert load(None, {"OPENAI_API_KEY": "", "ARGENT_LOG__LEVEL": " "}).settings == Settings()


def test_a_key_alone_keeps_the_providers_address():
    models = load(None, {"OPENAI_API_KEY": "sk-1"}).settings.models
    assert models.openai.base_url == "https://api.openai.com/v1"
    assert secrets(models) == ("sk-1",)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("box", "http://box:11434"),
        ("https://box/ollama/", "https://box:443/ollama"),
        ("[::1]:1234", "http://[::1]:1234"),
    ],
)
def test_an_ollama_host_becomes_an_address(host, url):
    assert ollama_url(host) == url


def test_an_unknown_variable_is_named_with_what_was_meant():
    loaded = load(None, {"ARGENT_GATEWAY__MAX_TURN": "3", "ARGENT_STATE_DIR": "/x"})
    assert loaded.settings == Settings()
    (warning,) = loaded.warnings
    assert "ARGENT_GATEWAY__MAX_TURN " in warning
    assert "did you mean 'ARGENT_GATEWAY__MAX_TURNS'?" in warning


def test_an_unknown_setting_is_refused_with_its_line_and_what_was_meant(config):
    path = config('[log]\nlevel = "info"\n\n[gateway]\n# turns\nmax_turn = 3\n')
    (problem,) = problems(path)
    expected = f"{path}, line 6: gateway.max_turn is no setting; did you mean 'max_turns'?"
    assert problem == expected


def test_a_setting_in_the_wrong_place_is_pointed_to_its_own(config):
    (problem,) = problems(config("max_context_tokens = 5000\n"))
    assert "did you mean 'agents.defaults.session.max_context_tokens'?" in problem


def test_a_wrong_value_is_shown_with_its_line(config):
    (problem,) = problems(config('{\n "gateway": {\n  "maxTurns": 0}}', "argent.json"))
    assert ", line 3: gateway.max_turns is 0: input should be greater" in problem


def test_a_wrong_choice_gets_the_nearest(config):
    (problem,) = problems(config('[log]\nlevel = "warn"\n'))
    assert "did you mean 'warning'?" in problem


def test_a_wrong_variable_is_named():
    (problem,) = problems(None, {"ARGENT_LOG__LEVEL": "loud"})
    assert problem.startswith("ARGENT_LOG__LEVEL: log.level is 'loud'")


def test_a_wrong_override_is_laid_to_the_command_line():
    (problem,) = problems(None, None, **{"log.level": "loud"})
    assert problem.startswith("the command line: log.level is 'loud'")


def test_every_problem_is_reported_at_once(config):
    assert len(problems(config("[gateway]\nmax_turns = 0\nmax_queue = 0\n"))) == 2


def test_a_missing_token_is_pointed_to_its_account(config):
    (problem,) = problems(config("\n[channels.telegram-work]\nenabled = true\n"))
    assert ", line 2: channels.telegram-work.token is missing" in problem
    assert "ARGENT_CHANNELS__TELEGRAM_WORK__TOKEN" in problem


def test_a_name_for_an_owner_is_refused_with_the_reason(config):
    account = '[channels.t]\nkind="telegram"\ntoken="1:a"\n'
    (problem,) = problems(config(f'{account}owners = [\n  "@jason",\n]\n'))
    assert ", line 4: channels.t.owners" in problem
    assert "only the number counts" in problem


def test_a_blank_secret_is_refused(config):
    (problem,) = problems(config('[models.openai]\napi_key = " "\n'))
    assert "line 2: models.openai.api_key is empty" in problem


def test_two_accounts_with_one_token_are_refused(config):
    token = 'token = "1:same"\n'
    path = config(f"[channels.telegram]\n{token}[channels.telegram-b]\n{token}")
    (problem,) = problems(path)
    assert "channels.telegram-b.token is the same as channels.telegram.token" in problem
    assert "1:same" not in problem


def test_a_wrong_secret_is_never_shown(config):
    path = config(
        '[channels.t]\nkind="telegram"\ntoken="1:a"\n[channels.t.webhook]\nurl="https://x"\nsecret="hunter2"\n'
    )
    (problem,) = problems(path)
    assert "channels.t.webhook.secret is wrong" in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("argent.toml", "a = 1\nb = \n", "line 2: not TOML"),
        ("argent.toml", "[a\n", "line 1: not TOML"),
        ("argent.json", '{\n"a": }', "line 2: not JSON"),
        ("argent.json", "[]", "must hold one object"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(config, name, text, expected):
    (problem,) = problems(config(text, name))
    assert expected in problem


def test_a_file_that_is_not_there_is_refused(tmp_path):
    (problem,) = problems(tmp_path / "no.toml")
    assert "No such file" in problem


def test_a_key_inside_a_string_is_no_setting(config):
    path = config('[agents.defaults]\nsystem_prompt = """\nmax_steps = 1\n"""\nmax_steps = 0\n')
    (problem,) = problems(path)
    assert ", line 5: agents.defaults.max_steps" in problem


def test_lines_in_json_survive_lists_and_empty_objects(config):
    text = (
        '{"models": {},\n "agents": {"defaults": {"fallbacks": ["a:1", "b:2"],\n'
        ' "session": {}}},\n "log": {\n  "level": "x"}}'
    )
    (problem,) = problems(config(text, "argent.json"))
    assert ", line 5: log.level" in problem


def test_a_secret_that_others_may_read_gives_a_warning(config):
    path = config('[models.openai]\napi_key = "sk-1"\n')
    assert load(path, {}).warnings == ()
    path.chmod(0o644)
    (warning,) = load(path, {}).warnings
    assert f"chmod 600 {path}" in warning


@pytest.mark.parametrize("mode", [0o602, 0o666])
def test_settings_that_everybody_may_change_are_not_used(config, mode):
    path = config("")
    path.chmod(mode)
    (problem,) = problems(path)
    assert "can be changed by everybody" in problem
    assert f"chmod go-w {path}" in problem


def test_settings_that_everybody_may_read_are(config):
    path = config("")
    path.chmod(0o644)
    assert load(path, {}).warnings == ()


def test_a_pipe_as_settings_file_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "argent.toml")
    (problem,) = problems(tmp_path / "argent.toml")
    assert "is no file" in problem


def test_an_account_called_after_its_platform_need_not_say_its_kind():
    environ = {"DISCORD_BOT_TOKEN": "d", "ARGENT_CHANNELS__SLACK_TEAM__TOKEN": "xoxb-1"}
    environ["ARGENT_CHANNELS__SLACK_TEAM__APP_TOKEN"] = "xapp-1"
    channels = load(None, environ).settings.channels
    assert {name: account.kind for name, account in channels.items()} == {
        "discord": "discord",
        "slack-team": "slack",
    }


def test_an_account_of_no_known_kind_is_refused_with_the_kinds(config):
    (problem,) = problems(config('[channels.work]\ntoken = "x"\n'))
    assert "channels.work.kind is missing" in problem
    assert "telegram, discord, slack" in problem
    (problem,) = problems(config('[channels.work]\nkind = "slak"\ntoken = "x"\n'))
    assert "did you mean 'slack'?" in problem
