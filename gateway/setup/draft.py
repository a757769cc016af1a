"""What is known of an installation, and what set-up will write. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agents.models.names import ANTHROPIC, AUTO, OPENAI
from channels.registry import KINDS
from gateway.config_layers import Layers, holds, nested
from gateway.config_schema import Path

MODEL: Path = ("agents", "defaults", "model")
KEYS: Mapping[str, Path] = {
    OPENAI: ("models", "openai", "api_key"),
    ANTHROPIC: ("models", "anthropic", "api_key"),
}
"""Providers that let nobody in without a key, and where it is set."""
OPENAI_SERVER: Path = ("models", "openai", "base_url")


@dataclass(frozen=True, slots=True)
class Draft:
    """What file and environment hold (`given`), and what will be written over it (`changes`).

    `fresh` are the accounts that this set-up adds or completes, `left_open` the settings that the
    owner was asked for and did not want.
    """

    given: Layers
    changes: Mapping[Path, Any] = field(default_factory=dict)
    fresh: tuple[str, ...] = ()
    left_open: frozenset[Path] = frozenset()

    def with_value(self, setting: Path, value: Any) -> "Draft":
        """The same with this to be written."""
        return replace(self, changes={**self.changes, setting: value})

    def without(self, *settings: Path) -> "Draft":
        """The same with nothing to be written there."""
        kept = {path: value for path, value in self.changes.items() if path not in settings}
        return replace(self, changes=kept)

    def with_account(self, name: str) -> "Draft":
        """The same with this account, which set-up takes care of."""
        return self if name in self.fresh else replace(self, fresh=(*self.fresh, name))

    def leaving_open(self, setting: Path) -> "Draft":
        """The same, and this is not asked (any more)."""
        return replace(self, left_open=self.left_open | {setting})

    def knows(self, setting: Path) -> bool:
        """Whether a setting has a value, whoever gave it."""
        return setting in self.changes or any(holds(each.data, setting) for each in self.given.all)

    def value(self, setting: Path) -> Any:
        """A setting's value as it was given; None when it was not."""
        if setting in self.changes:
            return self.changes[setting]
        for layer in reversed(self.given.all):
            if holds(layer.data, setting):
                below: Any = layer.data
                for name in setting:
                    below = below[name]
                return below
        return None

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account that is configured or will be, in the order in which they came up."""
        sources = [*(each.data for each in self.given.all), nested(self.changes)]
        tables = [found for data in sources if isinstance(found := data.get("channels"), dict)]
        names = [str(name) for table in tables for name in table]
        return tuple(dict.fromkeys([*names, *self.fresh]))

    def kind(self, account: str) -> str | None:
        """The platform of an account; None when neither its settings nor its name say it."""
        said = self.value(("channels", account, "kind"))
        return said if isinstance(said, str) else platform_of(account)

    @property
    def provider(self) -> str | None:
        """Who thinks: a provider, ``offline``, ``auto`` where something is there to be found.

        None when nobody would but the demo, which nobody chose.
        """
        chosen = self.value(MODEL)
        if isinstance(chosen, str) and chosen != AUTO:
            return chosen.partition(":")[0]
        there = any(map(self.knows, KEYS.values())) or self.knows(OPENAI_SERVER)
        return AUTO if there else None


def platform_of(account: str) -> str | None:
    """The platform that an account is called after: ``telegram-work`` is a Telegram account."""
    platform = account.partition("-")[0]
    return platform if platform in KINDS else None
