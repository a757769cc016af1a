"""What can be wrong with a Discord account."""

from channels.probe import Fault, Level

TOKEN_REFUSED = Fault(
    "discord-token-refused",
    Level.ERROR,
    "Discord does not accept the token of the account {where}",
    "it was reset, mistyped, or is the client secret or public key in place of the bot's token",
    "reset it (https://discord.com/developers/applications, Bot, Reset Token), set it as "
    "channels.{where}.token or DISCORD_BOT_TOKEN, then: argent channels test {where}",
)
CONTENT_OFF = Fault(
    "discord-message-content-off",
    Level.ERROR,
    "{bot} may not read messages, so that Discord refuses its connection",
    "the privileged Message Content Intent is switched off",
    "switch on Message Content Intent ({portal}, Privileged Gateway Intents), then: argent "
    "channels test {where}",
)
NO_SERVER = Fault(
    "discord-no-server",
    Level.WARNING,
    "{bot} is in no server, so that nobody can find or write to it",
    "it was never invited, or was removed",
    "open {invitation} and choose a server",
)
PERMISSIONS_MISSING = Fault(
    "discord-permissions-missing",
    Level.WARNING,
    "{bot} lacks permissions in {servers}",
    "its roles there do not have: {missing}",
    "give its role these permissions (Server Settings, Roles), or invite it again: {invitation}",
)
FAULTS = (TOKEN_REFUSED, CONTENT_OFF, NO_SERVER, PERMISSIONS_MISSING)
