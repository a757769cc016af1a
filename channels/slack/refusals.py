"""What Slack refuses, as Argent's errors, with the remedy.

https://docs.slack.dev/reference/methods/chat.postMessage#errors and those of `auth.test`.
"""

import re
from collections.abc import Mapping

from slack_sdk.errors import SlackApiError

from channels.errors import ChannelError, RateLimited, Rejected, Unauthorized, Unreachable

FLOOD_SECONDS = 5.0
"""The wait after a 429 that does not say how long."""

_CODE = re.compile("[a-z0-9_]{1,100}")
"""What Slack's errors look like: https://docs.slack.dev/apis/web-api/#responses"""

_TOKEN_ERRORS = frozenset(
    ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
     "not_allowed_token_type", "app_uninstalled", "org_login_required")
)  # fmt: skip
_FLOODS = frozenset(("ratelimited", "rate_limited", "message_limit_exceeded"))
_FAILURES = frozenset(
    ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org",
     "update_failed")
)  # fmt: skip
_BLOCK_ERRORS = frozenset(("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"))


class Refused(Rejected):
    """Slack will not do it; `code` is its own word for why."""

    def __init__(self, code: str, remedy: str = "") -> None:
        super().__init__(f"Slack refused: {code}{remedy}")
        self.code = code


class TokenRefused(Unauthorized):
    """Slack does not take a token; `code` is its own word for why."""

    def __init__(self, account: str, code: str) -> None:
        super().__init__(
            f"Slack does not accept a token of {account!r} ({code}): install the app again, and "
            f"set its bot token (xoxb-…) as channels.{account}.token or SLACK_BOT_TOKEN and, for "
            "Socket Mode, its app-level token (xapp-…, connections:write) as app_token or "
            "SLACK_APP_TOKEN"
        )
        self.code = code


class BadBlocks(Refused):
    """Slack does not take the blocks; the words alone can be sent."""


def meaning(error: SlackApiError, account: str, where: str) -> ChannelError:
    """The error that Slack's answer amounts to; `where` is how errors name the server."""
    response = error.response
    status = int(getattr(response, "status_code", 200))
    data = getattr(response, "data", None)
    if status == 429:
        return RateLimited(_seconds(response.headers.get("Retry-After")))
    code = data.get("error") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not (isinstance(code, str) and _CODE.fullmatch(code)):
        # Not the Web API speaks, but a proxy, a firewall or a wrong address, and whatever that
        # says may be what it was sent, with the token in it.
        text = f"{where} answered {status} and not as Slack does"
        return Unreachable(text, uncertain=status >= 500 or status == 200)
    return _refusal(code, status, data, account)


def _refusal(code: str, status: int, data: Mapping[str, object], account: str) -> ChannelError:
    if code in _TOKEN_ERRORS:
        return TokenRefused(account, code)
    if code in _FLOODS:
        return RateLimited(FLOOD_SECONDS)
    if code in _FAILURES or status >= 500:
        return Unreachable(f"Slack failed: {code} ({status})", uncertain=True)
    if code in _BLOCK_ERRORS:
        return BadBlocks(code)
    return Refused(code, _remedy(code, data))


def _remedy(code: str, data: Mapping[str, object]) -> str:
    match code:
        case "not_in_channel":
            return " (invite the bot into the channel)"
        case "missing_scope":
            return f" (the app needs {data.get('needed')}; add the scope and install it again)"
        case "is_archived":
            return " (the channel is archived)"
    return ""


def _seconds(retry_after: object) -> float:
    try:
        return max(0.0, float(str(retry_after)))
    except ValueError:
        return FLOOD_SECONDS
