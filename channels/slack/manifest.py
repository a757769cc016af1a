"""What the app needs in Slack, as a manifest to paste into "Create an app".

https://docs.slack.dev/reference/app-manifest/
"""

from collections.abc import Sequence

from channels.channel import Command

Json = dict[str, object]

SCOPES = {
    "app_mentions:read": "hear when it is mentioned",
    "channels:history": "read channels that it is in, also what it missed",
    "channels:read": "know a channel's name",
    "chat:write": "answer, and show in a thread that an answer is coming",
    "commands": "offer the slash command",
    "files:read": "fetch what people share with it",
    "files:write": "share files that the agent made",
    "groups:history": "read private channels that it is in",
    "groups:read": "know a private channel's name",
    "im:history": "read direct messages to it",
    "im:read": "know who writes to it directly",
    "im:write": "begin a direct message",
    "mpim:history": "read group messages that it is in",
    "mpim:read": "know a group message's members",
    "reactions:write": "mark the message that it is working on",
    "users:read": "know the names of those who write",
}
"""The bot's scopes, and what each is for: https://docs.slack.dev/reference/scopes"""

EVENTS = ("app_mention", "message.channels", "message.groups", "message.im", "message.mpim")
"""What Slack tells the app: https://docs.slack.dev/reference/events"""


def manifest(
    *,
    name: str = "Argent",
    command: str = "argent",
    commands: Sequence[Command] = (),
    request_url: str | None = None,
) -> Json:
    """The manifest of an app with Socket Mode or, with a `request_url`, over HTTP. Pure."""
    slash: Json = {
        "command": f"/{command}",
        "description": "Tell me what to do with this conversation",
        "usage_hint": f"[{' | '.join(c.name for c in commands)}]" if commands else "[command]",
        # Mentions in the arguments come with their ids.
        "should_escape": True,
    }
    events: Json = {"bot_events": list(EVENTS)}
    interactivity: Json = {"is_enabled": True}
    if request_url is not None:
        # One address for everything: what comes to it says what it is.
        slash["url"] = events["request_url"] = interactivity["request_url"] = request_url
    return {
        "display_information": {"name": name, "description": "An agent to talk with"},
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": command, "always_online": True},
            "slash_commands": [slash],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }
