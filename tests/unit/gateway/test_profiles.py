"""What holds for a session: its choices, then what is set for it alone, then rules, its agent."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.config import AgentSettings
from gateway.config import Settings
from gateway.config_load import load
from gateway.current import Current
from gateway.profiles import Profile, Profiles
from state.choices import Choices, Persistence
from state.keys import SessionKey, person_session_id
from state.session import Session

AT = datetime(2026, 1, 30, 10, tzinfo=UTC)
KEY = "telegram:123:dm"


def session(key: str = KEY, choices: Choices | None = None) -> Session:
    begun = Session.begin(SessionKey.parse(key), agent="main", at=AT)
    return replace(begun, choices=choices or Choices())


def profile(settings: dict[str, Any], key: str = KEY, **choices: Any) -> Profile:
    profiles = Profiles(Current(Settings.model_validate(settings)))
    return profiles.of(session(key, Choices(**choices)))


# Who wins --------------------------------------------------------------------------------------

_names = st.lists(st.sampled_from(["current_time", "send_file", "web__*"]), max_size=2, unique=True)
VALUES = {
    "model": st.sampled_from(["offline", "openai:a", "anthropic:b", "ollama:c"]),
    "options": st.dictionaries(st.sampled_from(["temperature", "top_p"]), st.floats(0, 1)),
    "skill": st.sampled_from(["", "letters", "news"]),
    "tools": _names,
    "mcp": _names,
    "system_prompt": st.sampled_from(["", "Be brief.", "Be kind."]),
}
own = st.fixed_dictionaries({}, optional=VALUES)
persistence = st.sampled_from([None, *Persistence])


def _as_kept(name: str, value: Any) -> Any:
    return tuple(value) if name in ("tools", "mcp") else value


@given(
    layers=st.lists(own, min_size=6, max_size=6),
    kept=st.lists(persistence, min_size=6, max_size=6),
    through_environment=st.booleans(),
)
def test_what_is_nearest_to_the_session_wins(
    layers: list[dict[str, Any]], kept: list[Persistence | None], through_environment: bool
) -> None:
    defaults, agent = layers[:2]
    ours = [
        each | ({} if words is None else {"persistence": words})
        for each, words in zip(layers[2:], kept[2:], strict=True)
    ]
    # A variable's name has no `:`.
    alone = "telegram-123-dm" if through_environment else KEY
    settings = {
        "agents": {"defaults": _agent(defaults, kept[0]), "helper": _agent(agent, kept[1])},
        "rules": {
            "first": {"channel": "tele*", "agent": "helper"} | ours[0],
            "elsewhere": {"channel": "slack", "model": "openai:never"},
            "second": {"chat": "123"} | ours[1],
        },
        "session": {alone: ours[2]},
    }
    found = profile(settings, **{name: _as_kept(name, value) for name, value in ours[3].items()})
    assert found.agent == "helper"
    sources = ["", "", "rules.first", "rules.second", f"session.{alone}", "chosen"]
    for name in VALUES:
        given_by = [n for n, layer in enumerate(layers) if name in layer]
        if not given_by:
            assert getattr(found.settings, name) == getattr(AgentSettings(), name)
            assert name not in found.sources
            continue
        last = given_by[-1]
        assert getattr(found.settings, name) == _as_kept(name, layers[last][name])
        assert found.sources.get(name, "") == sources[last]
    words = [each for each in kept if each is not None]
    assert found.settings.session.persistence is (words[-1] if words else Persistence.ALWAYS)


def _agent(given_by: dict[str, Any], words: Persistence | None) -> dict[str, Any]:
    return given_by | ({} if words is None else {"session": {"persistence": words}})


def test_a_choice_of_nothing_is_a_choice():
    settings = {"agents": {"defaults": {"skill": "letters", "tools": ["a"], "mcp": ["b"]}}}
    found = profile(settings, skill="", tools=(), mcp=(), system_prompt="")
    kept = found.settings
    assert (kept.skill, kept.tools, kept.mcp, kept.system_prompt) == ("", (), (), "")
    assert set(found.sources.values()) == {"chosen"}


def test_a_model_that_was_chosen_has_no_fallbacks_and_another_choice_leaves_them():
    settings = {"agents": {"defaults": {"model": "openai:a", "fallbacks": ["offline"]}}}
    assert profile(settings, model="openai:b").settings.fallbacks == ()
    assert profile(settings, skill="news").settings.fallbacks == ("offline",)


def test_what_is_set_for_a_session_in_the_environment_is_found_by_its_key():
    environ = {
        "ARGENT_SESSION__TELEGRAM_123_DM__MODEL": "offline",
        "ARGENT_SESSION__TELEGRAM_123_DM__TOOLS": "send_file,web__*",
        "ARGENT_SESSION__USER_ANN__SKILL": "letters",
    }
    profiles = Profiles(Current(load(None, environ).settings))
    found = profiles.of(session())
    assert (found.settings.model, found.settings.tools) == ("offline", ("send_file", "web__*"))
    assert found.sources["model"] == "session.telegram-123-dm"
    assert profiles.of(session("telegram:1234:dm")).sources == {}
    anns = replace(session("slack:U1:main"), id=person_session_id("ann"), person="ann")
    assert profiles.of(anns).settings.skill == "letters"


# Which rules fit -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({}, True),
        ({"channel": "telegram"}, True),
        ({"channel": "tele*"}, True),
        ({"channel": "slack"}, False),
        ({"chat": "12*"}, True),
        ({"chat": "12"}, False),
        ({"type": "dm"}, True),
        ({"type": "main"}, False),
        ({"person": "123"}, True),
        ({"person": "456"}, False),
        ({"channel": "telegram", "chat": "9"}, False),
    ],
)
def test_a_rule_holds_where_all_that_it_says_fits(rule: dict[str, str], fits: bool):
    found = profile({"rules": {"r": rule | {"skill": "letters"}}})
    assert (found.settings.skill == "letters") is fits
    assert found.sources == ({"skill": "rules.r"} if fits else {})


def test_a_rule_for_a_person_follows_them_and_is_for_their_private_chats_only():
    rules = {"r": {"person": "ann", "agent": "helper"}}
    profiles = Profiles(Current(Settings.model_validate({"rules": rules})))
    assert profiles.agent(SessionKey.parse("slack:U1:main"), "ann") == "helper"
    assert profiles.agent(SessionKey.parse("slack:U1:main"), "bob") == "main"
    assert profiles.agent(SessionKey.parse("slack:ann:group")) == "main"


def test_a_topic_is_written_as_in_its_key():
    settings = {"rules": {"r": {"chat": "-100/7", "skill": "news"}}}
    assert profile(settings, "telegram:-100/7:topic").settings.skill == "news"
    assert profile(settings, "telegram:-100/8:topic").settings.skill == ""
    assert profile(settings, "telegram:-100:group").settings.skill == ""


def test_of_two_agents_the_later_rules_answers_with_its_own_settings():
    found = profile(
        {
            "agents": {"helper": {"system_prompt": "Help."}, "coder": {"system_prompt": "Code."}},
            "rules": {"all": {"agent": "helper"}, "some": {"chat": "123", "agent": "coder"}},
        }
    )
    assert (found.agent, found.settings.system_prompt) == ("coder", "Code.")


def test_a_title_is_configured_by_the_nearest_that_has_one():
    rules = {"a": {"title": "Far"}, "b": {"title": "Near"}, "c": {"skill": "news"}}
    assert profile({"rules": rules}).title == "Near"
    assert profile({"rules": rules, "session": {KEY: {"title": "Here"}}}).title == "Here"
    assert profile({}).title is None
