"""What can be wrong with a Telegram account. https://core.telegram.org/bots/features"""

from channels.probe import Fault, Level

TOKEN_REFUSED = Fault(
    "telegram-token-refused",
    Level.ERROR,
    "Telegram does not accept the token of the account {where}",
    "it was revoked, mistyped, or is another server's",
    "ask @BotFather for a token (/mybots, API Token), set it as channels.{where}.token or "
    "TELEGRAM_BOT_TOKEN, then: argent channels test {where}",
)
WEBHOOK_LEFT = Fault(
    "telegram-webhook-left",
    Level.WARNING,
    "Telegram sends the messages of {where} to a webhook at {host}",
    "a webhook was set for the bot, and the configuration says to poll",
    "argent doctor --fix (what waits for the bot is kept); to stay with a webhook, set "
    "[channels.{where}.webhook]",
    mends=True,
)
WEBHOOK_FAILING = Fault(
    "telegram-webhook-failing",
    Level.ERROR,
    "Telegram cannot deliver to the webhook of {where}; {waiting} messages wait",
    "Telegram says: {said}",
    "see that {host} reaches the gateway (the address and port of [channels.{where}.webhook]), "
    "then: argent channels test {where}",
)
PRIVACY_MODE = Fault(
    "telegram-privacy-mode",
    Level.WARNING,
    "{bot} hears only what is meant for it in groups, and {where} shall always respond there",
    "the bot's privacy mode is on",
    "write /setprivacy to @BotFather, choose {bot} and Disable; then remove the bot from its "
    "groups and add it again",
)
NO_GROUPS = Fault(
    "telegram-groups-off",
    Level.WARNING,
    "{bot} cannot be added to groups, and the configuration of {where} names groups",
    "joining groups is switched off for the bot",
    "write /setjoingroups to @BotFather, choose {bot} and Enable",
)
ANOTHER_READER = Fault(
    "telegram-another-reader",
    Level.ERROR,
    "another program reads the messages of {where}",
    "Telegram ended our question for updates, because somebody else asked with the same token",
    "stop the other program, or get a token of your own from @BotFather (/revoke ends the other)",
)
BACKLOG = Fault(
    "telegram-messages-waiting",
    Level.WARNING,
    "{waiting} messages for {where} wait at Telegram, which keeps them for a day",
    "nobody fetched them: the gateway does not run, or cannot keep up",
    "argent gateway run, and look at: argent channels status",
)
FAULTS = (
    TOKEN_REFUSED, WEBHOOK_LEFT, WEBHOOK_FAILING, PRIVACY_MODE, NO_GROUPS, ANOTHER_READER, BACKLOG,
)  # fmt: skip
