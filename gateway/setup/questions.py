"""What is left to ask, and where its answer is found. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from agents.models.names import OPENAI
from gateway.config_schema import Path
from gateway.setup.draft import KEYS, MODEL, OPENAI_SERVER, Draft

CHANNELS: Path = ("channels",)


@dataclass(frozen=True, slots=True)
class Question:
    """A setting that only its owner knows.

    `needed` says that nothing works without it. `flag` gives it without being asked, as does the
    environment variable. `where` tells how to come by it.
    """

    setting: Path
    asks: str
    flag: str
    where: str = ""
    secret: bool = False
    needed: bool = True

    @property
    def account(self) -> str | None:
        """The account that it is about."""
        return self.setting[1] if self.setting[0] == "channels" and len(self.setting) > 1 else None


_TOKENS = {
    "telegram": (
        "The bot's token",
        "Write /newbot to @BotFather in Telegram; it answers with the token (123456789:AA…).",
    ),
    "discord": (
        "The bot's token",
        """https://discord.com/developers/applications: New Application, Bot, Reset Token. \
Switch on the privileged intent "Message Content" there.""",
    ),
    "slack": (
        "The bot token (xoxb-…)",
        """https://api.slack.com/apps: Create New App, From a manifest (`argent channels manifest` \
prints it), Install to Workspace; then "OAuth & Permissions", Bot User OAuth Token.""",
    ),
}
_OWNERS = {
    "telegram": "a number; @userinfobot tells yours",
    "discord": "a number; Developer Mode, then Copy User ID in your profile",
    "slack": 'in your profile under "⋮", Copy member ID',
}
_APP_TOKEN = '"Basic Information", App-Level Tokens: generate one with the scope connections:write.'
_MODEL_WHERE = (
    "openai or anthropic (with a key, the best model that it opens), one of theirs (openai:NAME), "
    "ollama:NAME for one on this machine, or offline: a demo, which says so in every answer."
)
_KEY_PAGES = {
    "openai": "https://platform.openai.com/api-keys",
    "anthropic": "https://platform.claude.com/settings/keys",
}


def missing(draft: Draft) -> Iterator[Question]:
    """Everything that is left to ask, in the order of asking."""
    if not draft.accounts:
        yield Question(
            CHANNELS,
            "Where people write to it: telegram, discord, slack (several with commas), or none",
            "--channel",
            needed=False,
        )
    for account in draft.accounts:
        yield from _of_account(draft, account)
    if draft.provider is None:
        yield Question(MODEL, "Which model shall answer", "--model", _MODEL_WHERE)
    elif _lacks_key(draft, draft.provider):
        yield key_question(draft.provider)


def _lacks_key(draft: Draft, provider: str) -> bool:
    key = KEYS.get(provider)
    own_server = provider == OPENAI and draft.knows(OPENAI_SERVER)
    return key is not None and not draft.knows(key) and not own_server


def key_question(provider: str) -> Question:
    """The question for a provider's key."""
    asks, page = f"The key for {provider}", _KEY_PAGES[provider]
    return Question(KEYS[provider], asks, "--key-file", page, secret=True)


def left(draft: Draft) -> tuple[Question, ...]:
    """What is left to ask of somebody who was asked before."""
    return tuple(each for each in missing(draft) if each.setting not in draft.left_open)


def _of_account(draft: Draft, account: str) -> Iterator[Question]:
    at: Path = ("channels", account)
    kind = draft.kind(account)
    if kind is None or draft.value((*at, "enabled")) is False:
        return
    if not draft.knows((*at, "token")):
        asks, where = _TOKENS[kind]
        yield Question((*at, "token"), f"{account}: {asks}", "--token-file", where, secret=True)
    if kind == "slack" and not (draft.knows((*at, "app_token")) or draft.knows((*at, "events"))):
        asks = f"{account}: The app-level token (xapp-…)"
        yield Question((*at, "app_token"), asks, "--app-token-file", _APP_TOKEN, secret=True)
    if account in draft.fresh and not draft.knows((*at, "owners")):
        asks = f"{account}: Your user id, as its owner (empty: a code makes you that later)"
        yield Question((*at, "owners"), asks, "--owner", _OWNERS[kind], needed=False)
