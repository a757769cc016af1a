"""Settings that cannot work are refused with the reason."""

import json

import pytest
from pydantic import ValidationError

from channels.channel import Command
from channels.slack.config import SlackSettings
from channels.slack.manifest import EVENTS, SCOPES, manifest

GOOD = {"token": "xoxb-1", "app_token": "xapp-1"}


def test_socket_mode_needs_two_tokens():
    assert SlackSettings(**GOOD).api_root == "https://slack.com/api/"
    with pytest.raises(ValidationError, match="Socket Mode needs `app_token`"):
        SlackSettings(token="xoxb-1")


def test_being_called_needs_the_signing_secret():
    settings = SlackSettings(token="xoxb-1", signing_secret="s", events={"port": 3000})
    assert settings.events.path == "/slack/events"
    with pytest.raises(ValidationError, match="needs `signing_secret`"):
        SlackSettings(token="xoxb-1", events={})


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"token": "xapp-1"}, "app-level token"),
        ({"app_token": "xoxb-1"}, "bot token"),
        ({"owners": ["alice"]}, "no Slack user id"),
        ({"allow_users": ["@alice"]}, "no Slack user id"),
        ({"chats": {"C1": {"users": ["alice"]}}}, "no Slack user id"),
        ({"command": "/argent"}, "pattern"),
        ({"events": {"path": "events"}, "signing_secret": "s"}, "pattern"),
        ({"catch_up": -1}, "greater than or equal"),
        ({"tokne": "x"}, "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_refused(wrong, why):
    with pytest.raises(ValidationError, match=why):
        SlackSettings(**{**GOOD, **wrong})


def test_no_secret_is_shown():
    assert "xoxb" not in repr(SlackSettings(**GOOD))


def test_the_manifest_asks_for_what_is_used_and_no_more():
    commands = [Command("status", "…"), Command("new", "…")]
    made = manifest(command="argent", commands=commands)
    assert json.loads(json.dumps(made)) == made
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["settings"]["event_subscriptions"] == {"bot_events": list(EVENTS)}
    assert made["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    (slash,) = made["features"]["slash_commands"]
    assert (slash["command"], slash["usage_hint"]) == ("/argent", "[status | new]")
    assert "url" not in slash
    assert made["settings"]["interactivity"] == {"is_enabled": True}


def test_the_manifest_of_an_app_that_is_called_says_where():
    url = "https://argent.example.org/slack/events"
    made = manifest(request_url=url)
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == url
    assert made["settings"]["interactivity"] == {"is_enabled": True, "request_url": url}
    assert made["features"]["slash_commands"][0]["url"] == url


@pytest.mark.parametrize(
    "scope", ["chat:write", "reactions:write", "files:read", "files:write", "app_mentions:read"]
)
def test_the_manifest_asks_for_every_scope_that_is_used(scope):
    assert scope in SCOPES
