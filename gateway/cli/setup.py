"""``argent setup``: from nothing to a gateway that works, in a minute."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.base import Command
from gateway.cli.invocation import Invocation

if TYPE_CHECKING:
    from gateway.setup.given import AccountGiven

_ORDER = "gateway.cli.setup.order"
_OF_ACCOUNTS = ("channel", "token_file", "app_token_file", "owner")


class InOrder(Command):
    """A command that knows in which order its options were given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and remember the order."""
        if not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
            ctx.meta[_ORDER] = [each.name for each in order]
        return super().parse_args(ctx, args)


@click.command(cls=InOrder)
@click.option(
    "--channel",
    metavar="ACCOUNT",
    multiple=True,
    help="An account: telegram, discord, slack, or telegram-work for one more. Repeat it for "
    "several, each followed by its own --token-file, --app-token-file and --owner.",
)
@click.option("--token-file", metavar="FILE", multiple=True, help="Where the bot's token is.")
@click.option(
    "--app-token-file", metavar="FILE", multiple=True, help="Where Slack's app-level token is."
)
@click.option(
    "--owner", metavar="ID", multiple=True, help="The user id of an owner there. Repeatable."
)
@click.option("--model", metavar="MODEL", help="openai:NAME, anthropic:NAME, ollama:NAME, offline.")
@click.option("--key-file", metavar="FILE", help="Where the key of the model's provider is.")
@click.option("--non-interactive", is_flag=True, help="Ask nothing; fail where something lacks.")
@click.option("--offline", is_flag=True, help="Check nothing with platforms and providers.")
@click.option("--dry-run", is_flag=True, help="Print the file, secrets covered, and write nothing.")
@click.pass_obj
def setup(
    invocation: Invocation,
    /,
    model: str | None,
    key_file: str | None,
    non_interactive: bool,
    offline: bool,
    dry_run: bool,
    **accounts: tuple[str, ...],
) -> None:
    """Set Argent up: ask what is missing, check it at once, and write the settings file.

    What is in the file or in the environment is not asked again, and stays as it is. Secrets are
    never given on the command line, where everybody on the machine can read them: a FILE is read
    at every start and stays where it is; "-" and pipes are read once, and the secret is written
    into the settings file, which nobody else can read. --set KEY=VALUE is written, too.

    Exits with 1 when something was found that keeps an account from working, 3 when a platform or
    a provider does not answer (--offline writes all the same), and 4 when one refuses a secret; in
    the last two cases nothing is written.
    """
    from gateway.cli.setup_steps import Steps
    from gateway.cli.setup_words import tell

    order: list[str] = click.get_current_context().meta[_ORDER]
    steps = Steps(invocation, asks=not non_interactive, offline=offline)
    steps.take(tuple(_accounts(order, accounts)), model, key_file)
    steps.settle()
    done = steps.preview() if dry_run else steps.write()
    invocation.show("setup", done, tell)
    if any(not each["works"] for each in done["accounts"]):
        raise SystemExit(1)


def _accounts(order: list[str], given: dict[str, tuple[str, ...]]) -> "Iterator[AccountGiven]":
    from gateway.admin_errors import AdminError
    from gateway.setup.given import WronglyGiven, by_account

    values: dict[str, Iterator[Any]] = defaultdict(lambda: iter(()))
    values |= {name: iter(given[name]) for name in _OF_ACCOUNTS}
    try:
        yield from by_account((name, next(values[name])) for name in order if name in _OF_ACCOUNTS)
    except WronglyGiven as error:
        raise AdminError("usage", str(error)) from error
