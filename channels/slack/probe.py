"""Asks Slack whether an app would work."""

import re
from collections.abc import Iterator, Mapping

import aiohttp

from channels.errors import Unauthorized
from channels.probe import Finding, Probed
from channels.probing import PROBE_SECONDS, in_time
from channels.slack.client import BotClient
from channels.slack.config import SlackSettings
from channels.slack.faults import (
    APP_SCOPE_MISSING,
    APP_TOKEN_REFUSED,
    SCOPE_NEEDED,
    SCOPES_MISSING,
    SECRET_ODD,
    SOCKET_MODE_REFUSED,
    TOKEN_REFUSED,
    TWO_APPS,
    USER_TOKEN,
)
from channels.slack.manifest import SCOPES
from channels.slack.refusals import Refused, TokenRefused

_VITAL = frozenset(("chat:write", "app_mentions:read", "im:history"))
"""Without these the app cannot answer, or hears nobody."""

_APP_OF_TOKEN = re.compile(r"xapp-\d-(A[A-Z0-9]{6,})-")
_SECRET = re.compile(r"[0-9a-z]{32}")


async def probe(name: str, settings: SlackSettings, *, http: aiohttp.ClientSession) -> Probed:
    """What Slack says about the app. Never raises for what Slack says."""
    client = BotClient(name, settings, http)
    return await in_time(name, _asked(name, settings, client), seconds=PROBE_SECONDS)


async def _asked(name: str, settings: SlackSettings, client: BotClient) -> Probed:
    try:
        me, scopes = await client.granted()
    except TokenRefused as error:
        return Probed(None, (TOKEN_REFUSED.at(name, code=error.code),))
    user = f"@{me.get('user')}"
    if not me.get("bot_id"):
        return Probed(user, (USER_TOKEN.at(name, user=user),))
    findings = list(_of_scopes(name, scopes))
    if settings.events is None:
        findings += await _of_socket_mode(name, client)
        findings += await _of_apps(name, settings, client, me, scopes)
    elif not _SECRET.fullmatch(_secret(settings)):
        findings.append(SECRET_ODD.at(name))
    return Probed(user, tuple(findings))


def _of_scopes(name: str, granted: frozenset[str]) -> Iterator[Finding]:
    missing = SCOPES.keys() - granted
    if vital := missing & _VITAL:
        yield SCOPE_NEEDED.at(name, missing=_with_reasons(vital))
    if missing - _VITAL:
        yield SCOPES_MISSING.at(name, missing=_with_reasons(missing - _VITAL))


def _with_reasons(scopes: set[str]) -> str:
    return ", ".join(f"{scope} ({SCOPES[scope]})" for scope in sorted(scopes))


async def _of_socket_mode(name: str, client: BotClient) -> list[Finding]:
    """An address is given out and not used: no connection is made, and none ended."""
    try:
        await client.socket_url()
    except TokenRefused as error:
        return [APP_TOKEN_REFUSED.at(name, code=error.code)]
    except Refused as error:
        if error.code == "missing_scope":
            return [APP_SCOPE_MISSING.at(name)]
        return [SOCKET_MODE_REFUSED.at(name, code=error.code)]
    return []


async def _of_apps(
    name: str,
    settings: SlackSettings,
    client: BotClient,
    me: Mapping[str, object],
    scopes: frozenset[str],
) -> list[Finding]:
    token = settings.app_token.get_secret_value() if settings.app_token is not None else ""
    found = _APP_OF_TOKEN.match(token)
    # https://docs.slack.dev/reference/methods/bots.info wants this scope.
    if found is None or "users:read" not in scopes:
        return []
    try:
        of_bot = await client.app_of(str(me["bot_id"]))
    except (Unauthorized, Refused):
        return []
    if not of_bot or of_bot == found[1]:
        return []
    return [TWO_APPS.at(name, bots=of_bot, apps=found[1])]


def _secret(settings: SlackSettings) -> str:
    secret = settings.signing_secret
    return secret.get_secret_value() if secret is not None else ""
