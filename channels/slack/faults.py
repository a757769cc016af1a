"""What can be wrong with a Slack app."""

from channels.probe import Fault, Level

TOKEN_REFUSED = Fault(
    "slack-token-refused",
    Level.ERROR,
    "Slack does not accept the bot token of {where} ({code})",
    "the app was removed from the workspace, or the token was revoked or mistyped",
    "install the app again (https://api.slack.com/apps, OAuth & Permissions), set its bot token "
    "(xoxb-…) as channels.{where}.token or SLACK_BOT_TOKEN, then: argent channels test {where}",
)
USER_TOKEN = Fault(
    "slack-user-token",
    Level.ERROR,
    "the token of {where} is a person's ({user}) and no bot's",
    "the user token (xoxp-…) was taken in place of the bot token",
    "set the Bot User OAuth Token (xoxb-…, https://api.slack.com/apps, OAuth & Permissions) as "
    "channels.{where}.token, then: argent channels test {where}",
)
SCOPE_NEEDED = Fault(
    "slack-scope-needed",
    Level.ERROR,
    "the app of {where} may not do what it is for: {missing}",
    "these scopes were not granted when it was installed",
    "add them (https://api.slack.com/apps, OAuth & Permissions, Bot Token Scopes; or paste what "
    "`argent channels manifest slack` prints as the app's manifest) and install the app again",
)
SCOPES_MISSING = Fault(
    "slack-scopes-missing",
    Level.WARNING,
    "the app of {where} lacks scopes: {missing}",
    "these scopes were not granted when it was installed",
    SCOPE_NEEDED.fix,
)
APP_TOKEN_REFUSED = Fault(
    "slack-app-token-refused",
    Level.ERROR,
    "Slack does not accept the app-level token of {where} ({code})",
    "it was revoked or mistyped",
    "make one (https://api.slack.com/apps, Basic Information, App-Level Tokens, with "
    "connections:write), set it as channels.{where}.app_token or SLACK_APP_TOKEN, then: argent "
    "channels test {where}",
)
APP_SCOPE_MISSING = Fault(
    "slack-app-scope-missing",
    Level.ERROR,
    "the app-level token of {where} may not open a connection",
    "it was made without the scope connections:write",
    APP_TOKEN_REFUSED.fix,
)
SOCKET_MODE_REFUSED = Fault(
    "slack-socket-mode-refused",
    Level.ERROR,
    "Slack opens no connection for the app of {where} ({code})",
    "Socket Mode is off, or not allowed to the app",
    'turn it on (https://api.slack.com/apps, "Socket Mode"), then: argent channels test {where}',
)
TWO_APPS = Fault(
    "slack-tokens-of-two-apps",
    Level.ERROR,
    "the bot token and the app-level token of {where} belong to two apps",
    "the bot is of the app {bots}, the app-level token of {apps}",
    "take both from one app's pages at https://api.slack.com/apps, then: argent channels test "
    "{where}",
)
SECRET_ODD = Fault(
    "slack-signing-secret-odd",
    Level.WARNING,
    "the signing secret of {where} does not look like one",
    "a signing secret has 32 letters and digits; without the right one every event is refused",
    "copy it again (https://api.slack.com/apps, Basic Information, Signing Secret) to "
    "channels.{where}.signing_secret or SLACK_SIGNING_SECRET",
)
FAULTS = (
    TOKEN_REFUSED, USER_TOKEN, SCOPE_NEEDED, SCOPES_MISSING, APP_TOKEN_REFUSED, APP_SCOPE_MISSING,
    SOCKET_MODE_REFUSED, TWO_APPS, SECRET_ODD,
)  # fmt: skip
