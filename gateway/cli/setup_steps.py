"""One run of ``argent setup``: what was given, what is asked, what was checked, what is written."""

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gateway import config_env, paths
from gateway.admin_errors import AdminError
from gateway.cli import setup_asking, setup_words
from gateway.cli.invocation import Invocation
from gateway.cli.output import note
from gateway.config import Settings
from gateway.config_errors import ConfigError
from gateway.config_layers import ENVIRONMENT, holds
from gateway.config_schema import Path, type_at
from gateway.setup import checking
from gateway.setup.document import CannotComplete, hidden
from gateway.setup.draft import KEYS, MODEL, Draft
from gateway.setup.filing import NotWritten
from gateway.setup.given import AccountGiven, WronglyGiven, secret
from gateway.setup.questions import CHANNELS, Question, key_question, left, missing
from gateway.setup.settings_file import SettingsFile

Json = dict[str, Any]


class Steps:
    """From what is known to a file that the loader takes. Raises `AdminError` where it stops."""

    def __init__(self, invocation: Invocation, *, asks: bool, offline: bool) -> None:
        self._invocation = invocation
        self._wanted_to_ask = asks
        self._asks = asks and sys.stdin.isatty()
        self._offline = offline
        found, _ = paths.config_file(invocation.config_option, os.environ, invocation.state_dir)
        path = found or invocation.state_dir / paths.CONFIG_NAMES[0]
        if path.suffix != ".toml":
            hint = "name another file: argent --config FILE.toml setup"
            raise AdminError("usage", f"{path} is not TOML, which is all that is written", hint)
        with _as_admin_errors():
            self._file = SettingsFile(path, os.environ)
        for warning in self._file.warnings:
            note(f"argent: {warning}")
        self._draft = self._file.draft
        self._accounts: dict[str, checking.CheckedAccount] = {}
        self._models: tuple[checking.CheckedModel, ...] = ()

    # What was given ---------------------------------------------------------------------------

    def take(
        self, accounts: Sequence[AccountGiven], model: str | None, key_file: str | None
    ) -> None:
        """Take in what stands on the command line."""
        for key, written in self._invocation.overrides().items():
            path = tuple(key.split("."))
            self._change(path, config_env.listed(written, type_at(Settings, path)))
        with _as_admin_errors():
            for each in accounts:
                self._take_account(each)
            if model is not None:
                self._change(MODEL, model)
            if key_file is not None:
                self._take_key(key_file)
        self._settings()

    def _take_account(self, given: AccountGiven) -> None:
        name = given.name
        if name is None:
            if len(self._draft.accounts) != 1:
                raise WronglyGiven("say whose it is, with --channel before it")
            (name,) = self._draft.accounts
        elif self._draft.kind(name) is None:
            kinds = "telegram, discord, slack, or a name that begins so, as telegram-work"
            raise WronglyGiven(f"--channel {name} is of no known platform: write {kinds}")
        self._draft = self._draft.with_account(name)
        at = ("channels", name)
        if given.token_file is not None:
            self._change((*at, "token"), secret(given.token_file))
        if given.app_token_file is not None:
            self._change((*at, "app_token"), secret(given.app_token_file))
        if given.owners:
            self._change((*at, "owners"), config_env.ids(",".join(given.owners)))

    def _take_key(self, file: str) -> None:
        provider = self._draft.provider or ""
        if provider not in KEYS:
            raise WronglyGiven("--key-file goes with --model openai:NAME or anthropic:NAME")
        self._change(KEYS[provider], secret(file))

    def _change(self, setting: Path, value: Any) -> None:
        """Let it be written, but for what the environment sets, which would beat the file."""
        for layer in self._draft.given.all:
            if layer.default == ENVIRONMENT and holds(layer.data, setting):
                name = layer.origins[setting]
                note(f"argent: {name} is set, and so {'.'.join(setting)} is not written")
                return
        if self._draft.value(setting) != value:
            self._draft = self._draft.with_value(setting, value)

    # What is asked and checked ----------------------------------------------------------------

    def settle(self) -> None:
        """Ask what is left, and check each account and the model as soon as they are known."""
        if not self._asks:
            self._refuse_what_is_missing()
        while True:
            if (account := self._next_to_check()) is not None:
                self._check_account(account)
            elif questions := left(self._draft):
                self._ask(questions[0])
            elif not (self._models or self._offline):
                self._check_models()
            else:
                return

    def _refuse_what_is_missing(self) -> None:
        lacks = [each for each in missing(self._draft) if each.needed]
        if lacks:
            names = ", ".join(f"{'.'.join(each.setting)} ({each.flag})" for each in lacks)
            how = "run it at a terminal, or " if self._wanted_to_ask else ""
            hint = f"{how}give each of them, by its option or in the environment"
            raise AdminError("usage", f"this is missing: {names}", hint)
        for each in missing(self._draft):
            self._draft = self._draft.leaving_open(each.setting)

    def _ask(self, question: Question) -> None:
        before = self._draft
        answer = setup_asking.ask(question)
        if question.setting == MODEL and answer in KEYS:
            # `auto` finds a model of whose key there is.
            question = key_question(answer)
            answer = setup_asking.ask(question)
        if question.setting == CHANNELS:
            for name in answer:
                self._draft = self._draft.with_account(name)
        if not answer or question.setting == CHANNELS:
            self._draft = self._draft.leaving_open(question.setting)
        else:
            self._draft = self._draft.with_value(question.setting, answer)
        if question.account is not None:
            self._draft = self._draft.with_account(question.account)
        try:
            self._file.settings(self._draft)
        except ConfigError as error:
            self._draft = before
            setup_words.tell_wrong(error.problems)

    def _next_to_check(self) -> str | None:
        if self._offline:
            return None
        settings = self._settings()
        waiting = {each.account for each in missing(self._draft) if each.needed}
        ready = (each for each in self._draft.accounts if each not in waiting | set(self._accounts))
        return next((each for each in ready if settings.channels[each].enabled), None)

    def _check_account(self, name: str) -> None:
        checked = asyncio.run(checking.check_account(name, self._settings().channels[name]))
        if self._asks:
            setup_words.tell_account(checked)
        first = next(iter(checked.probed.findings), None)
        if checked.refused is not None and first is not None:
            self._take_back(("not_allowed", first.what, first.fix), checked.refused)
            return
        if not checked.reached and first is not None:
            self._go_on_unchecked(first.what)
        self._accounts[name] = checked

    def _check_models(self) -> None:
        models = asyncio.run(checking.check_models(self._settings()))
        if self._asks:
            setup_words.tell_models(models)
        failed = next((each for each in models if each.error is not None), None)
        if failed is not None:
            what = f"{failed.model}: {failed.error}"
            if failed.code != "network_down":
                refused = KEYS.values() if failed.code == "not_allowed" else (MODEL, *KEYS.values())
                hint = "mend it, or write the settings without asking: --offline"
                self._take_back((failed.code or "failed", what, hint), *refused)
                return
            self._go_on_unchecked(what)
        self._models = models

    def _take_back(self, why: tuple[str, str, str], *settings: Path) -> None:
        """Have what was answered in this run asked again; what stands elsewhere ends it."""
        mine = [each for each in settings if each in self._draft.changes]
        if not self._asks or not mine:
            code, what, hint = why
            raise AdminError(code, f"{what}; nothing was written", hint)
        self._draft = self._draft.without(*mine)

    def _go_on_unchecked(self, what: str) -> None:
        if not self._asks or not setup_asking.goes_on():
            hint = "try again, or write the settings without asking: --offline"
            raise AdminError("network_down", f"{what}; nothing was written", hint)

    def _settings(self) -> Settings:
        with _as_admin_errors():
            return self._file.settings(self._draft)

    # What is written --------------------------------------------------------------------------

    def preview(self) -> Json:
        """What would be written, secrets covered."""
        with _as_admin_errors():
            document = hidden(self._file.text(self._draft), Settings)
        return self._done() | {"document": document}

    def write(self) -> Json:
        """Put the file in place, if it would be another one."""
        if not self._draft.changes:
            return self._done()
        from gateway.config_json_schema import schema_text

        with _as_admin_errors():
            kept = self._file.write(self._draft, schema_text())
        return self._done() | {"written": True, "kept": str(kept) if kept else None}

    def _done(self) -> Json:
        return {
            "file": str(self._file.path),
            "written": False,
            "kept": None,
            "document": None,
            "settings": [".".join(path) for path in self._draft.changes],
            "from_environment": list(_variables(self._draft)),
            "accounts": [setup_words.account(each) for each in self._accounts.values()],
            "models": [setup_words.model(each) for each in self._models],
            "next": list(self._next()),
        }

    def _next(self) -> Iterator[str]:
        """The commands that come next, with the options that this one was given."""
        argent = " ".join(["argent", *self._invocation.options()])
        settings = self._settings()
        if not self._draft.accounts:
            yield f"{argent} up"
            return
        yield f"{argent} gateway run"
        owners = any(account.owners for account in settings.channels.values())
        if not owners and not any(person.owner for person in settings.people.values()):
            yield f"{argent} pair code"


def _variables(draft: Draft) -> list[str]:
    """The variables that set something, which is not written."""
    layers = (each for each in draft.given.all if each.default == ENVIRONMENT)
    return sorted({name for layer in layers for name in layer.origins.values()})


@contextmanager
def _as_admin_errors() -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        hint = "every setting is described in docs/settings.md"
        raise AdminError("bad_config", str(error), hint) from error
    except WronglyGiven as error:
        raise AdminError("usage", str(error), "argent setup --help") from error
    except (CannotComplete, NotWritten) as error:
        raise AdminError("failed", str(error), "nothing was changed") from error
