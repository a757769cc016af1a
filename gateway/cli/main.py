"""The ``argent`` command."""

import contextlib
import os
import sys
from collections.abc import Sequence

import click

from gateway import __version__
from gateway.admin_errors import CODES, AdminError
from gateway.cli.base import Lazy, LazyGroup
from gateway.cli.invocation import Invocation
from gateway.cli.output import ReaderLeft, note, out, out_error, out_json

INTERRUPTED = 130
"""128 + SIGINT, as shells count."""


def _show_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    if "--json" in sys.argv:
        out_json("version", {"version": __version__})
    else:
        out(f"argent {__version__}")
    context.exit()


@click.group(
    cls=LazyGroup,
    lazy={
        "up": Lazy("gateway.cli.up", "Start Argent and chat with it in this terminal."),
        "setup": Lazy("gateway.cli.setup", "Set Argent up: accounts, a model, and a first check."),
        "chat": Lazy("gateway.cli.chat", "Chat with the running gateway in this terminal."),
        "ask": Lazy("gateway.cli.ask", "Ask one question and print the answer."),
        "gateway": Lazy("gateway.cli.gateway", "Run the gateway, stop it, see how it is."),
        "sessions": Lazy("gateway.cli.sessions", "Conversations: read, search, move, clear."),
        "pair": Lazy("gateway.cli.pair", "Strangers: who asks to be let in, and who was."),
        "approvals": Lazy("gateway.cli.approvals", "Calls that wait for an owner: approve, deny."),
        "people": Lazy("gateway.cli.people", "Who is whom; all of one person: export, erase."),
        "channels": Lazy("gateway.cli.channels", "Messaging accounts and how they are."),
        "models": Lazy("gateway.cli.models", "Models: what there is, and whether it answers."),
        "mcp": Lazy("gateway.cli.mcp", "MCP servers: which there are, and what they offer."),
        "tools": Lazy("gateway.cli.tools", "What agents may use, where, and why not more."),
        "skills": Lazy("gateway.cli.skills", "What agents were taught: list and show it."),
        "config": Lazy("gateway.cli.config", "Settings: what is in effect, and what is wrong."),
        "completion": Lazy("gateway.cli.completion", "Let your shell complete: bash, zsh, fish."),
        "service": Lazy("gateway.cli.systemd", "Begin Argent with the machine, by systemd."),
        "backup": Lazy("gateway.cli.backup", "Everything in one file: make, verify, restore."),
        "usage": Lazy("gateway.cli.usage", "What was spent: tokens and money."),
        "doctor": Lazy("gateway.cli.doctor", "What is wrong, why, and what mends it."),
        "status": Lazy("gateway.cli.status", "Everything at a glance."),
        "logs": Lazy("gateway.cli.logs", "What the gateway logged: find it, follow it."),
    },
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A durable gateway between messaging apps and an LLM agent.",
    no_args_is_help=True,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Print the version.",
)
def cli() -> None:
    """The root of all commands."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(given)
    except ReaderLeft:
        # What is left in the buffer goes nowhere; Python would complain when it flushes that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    invocation = Invocation(json="--json" in arguments)
    if "_ARGENT_COMPLETE" in os.environ:
        from gateway.cli.completion import answer

        answer()
    try:
        ended = cli.main(arguments, prog_name="argent", obj=invocation, standalone_mode=False)
    except AdminError as error:
        out_error(error, as_json=invocation.json)
        return CODES.get(error.code, 1)
    except click.exceptions.NoArgsIsHelpError as error:
        note(error.format_message())
        return CODES["usage"]
    except click.UsageError as error:
        hint = error.ctx.get_usage() if error.ctx is not None else None
        out_error(AdminError("usage", error.format_message(), hint), as_json=invocation.json)
        return CODES["usage"]
    except click.ClickException as error:
        out_error(AdminError("failed", error.format_message()), as_json=invocation.json)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        note()
        return INTERRUPTED
    except ReaderLeft:
        raise
    except Exception:
        return _broke(as_json=invocation.json)
    return ended if isinstance(ended, int) else 0


def _broke(*, as_json: bool) -> int:
    """A bug: say so, with what a report of it needs."""
    import traceback

    note(_redacted(traceback.format_exc()))
    problem = AdminError("failed", "this is a bug in Argent", "please report what is above")
    out_error(problem, as_json=as_json)
    return CODES["failed"]


def _redacted(text: str) -> str:
    """A text without the secrets that are known, if any were read."""
    logs = sys.modules.get("gateway.logs")
    logging = None if logs is None else logs.configured()
    return text if logging is None else str(logging.redact(text))


if __name__ == "__main__":
    main()
