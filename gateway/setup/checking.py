"""Asks platforms and providers at once whether what was given works."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from channels.config import AccountSettings
from channels.probe import Probed
from channels.registry import probe
from gateway.config import Settings
from gateway.config_schema import Path

_OF_THE_APP = ("slack-app-token-refused", "slack-app-scope-missing", "slack-tokens-of-two-apps")
_OF_THE_BOT = ("-token-refused", "slack-user-token")
UNREACHABLE = "platform-unreachable"


@dataclass(frozen=True, slots=True)
class CheckedAccount:
    """What the platform said of an account."""

    account: str
    kind: str
    probed: Probed

    @property
    def reached(self) -> bool:
        """Whether the platform answered."""
        return all(each.code != UNREACHABLE for each in self.probed.findings)

    @property
    def refused(self) -> Path | None:
        """The secret that the platform does not take; None when it takes them all."""
        codes = [each.code for each in self.probed.findings]
        if any(code in _OF_THE_APP for code in codes):
            return ("channels", self.account, "app_token")
        if any(code.endswith(_OF_THE_BOT) for code in codes):
            return ("channels", self.account, "token")
        return None


async def check_account(name: str, settings: AccountSettings) -> CheckedAccount:
    """Ask an account's platform; takes a few seconds at most."""
    kind = str(getattr(settings, "kind", name))
    async with aiohttp.ClientSession() as http:
        return CheckedAccount(name, kind, await probe(name, settings, http=http))


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """How a model answered: in `seconds`, or with the `error`; `code` is one of `CODES`."""

    model: str
    seconds: float
    error: str | None = None
    code: str | None = None

    @property
    def is_demo(self) -> bool:
        """Whether it is the demo that answers without a language model."""
        return self.model == "offline"


async def check_models(settings: Settings) -> tuple[CheckedModel, ...]:
    """Ask the models in use for one word."""
    from gateway.admin_models import tested

    found: list[dict[str, Any]] = (await tested(settings, ()))["tests"]
    return tuple(
        CheckedModel(each["model"], each["seconds"], each["error"], each["code"]) for each in found
    )
