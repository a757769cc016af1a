"""``argent status``: everything at a glance."""

import time
from datetime import UTC, datetime
from typing import Any

import click

from gateway.admin_errors import CODES, AdminError
from gateway.cli import reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import Screen, out, out_error, out_json
from gateway.cli.status_words import DOWN, gateway_lines, status_lines

Json = dict[str, Any]

EVERY = 2.0
"""Seconds between two looks of ``--watch``."""

_ANSWERS = ("ready", "not_ready", "not_live")


@click.command(cls=Command)
@click.option("--deep", is_flag=True, help="Look closer: files, disk, backups, what was measured.")
@click.option(
    "--watch",
    type=click.FloatRange(min=0.1),
    is_flag=False,
    flag_value=EVERY,
    metavar="[SECONDS]",
    help=f"Look again and again, every {EVERY:g} seconds, until Ctrl-C.",
)
@click.option(
    "--check",
    "asked",
    type=click.Choice(["live", "ready"]),
    help="Say only whether it lives, or is ready: for containers and monitors.",
)
@click.pass_obj
def status(invocation: Invocation, deep: bool, watch: float | None, asked: str | None) -> int:
    """Show the gateway, its channels, and how much there is to do.

    Exits with 0 when the gateway is ready and every account is healthy or starts; 1 when it runs
    and something is wrong; 3 when none is running, or it does not answer.
    """
    if asked is not None:
        return _check(invocation, asked)
    if watch is not None:
        _watch(invocation, deep=deep, seconds=watch)
        return 0
    data = _looked(invocation, deep=deep)
    invocation.show("status", data, lambda shown: out(_text(shown)))
    return _code(data)


def _looked(invocation: Invocation, *, deep: bool) -> Json:
    data = reach.status(invocation, deep=deep) | {"state_dir": str(invocation.state_dir)}
    if deep:
        from gateway.cli.figures import figures
        from gateway.cli.log_place import log_setting

        live = data["condition"] != "down"
        found = figures(invocation.state_dir, live=live, log=log_setting(invocation))
        data = {"measured": None, **data, "disk": found}
    return data


def _text(data: Json) -> str:
    return "\n".join(status_lines(data, datetime.now(UTC)))


def _code(data: Json) -> int:
    if data["condition"] not in _ANSWERS:
        return CODES["gateway_down"]
    accounts = all(each["condition"] in ("healthy", "starting") for each in data["channels"])
    return 0 if data["condition"] == "ready" and accounts else CODES["findings"]


def _check(invocation: Invocation, asked: str) -> int:
    found = reach.check(invocation)
    passed = bool(found[asked])
    said = asked if passed else f"not {asked}: {'; '.join(found['reasons'])}"
    invocation.show("check", {"check": asked, "passed": passed, **found}, lambda _: out(said))
    if passed:
        return 0
    return CODES["findings" if found["condition"] in _ANSWERS else "gateway_down"]


def _watch(invocation: Invocation, *, deep: bool, seconds: float) -> None:
    """Show it again and again; a gateway that stops and starts again is shown as that."""
    screen = Screen()
    try:
        while True:
            _show_now(invocation, screen, deep=deep)
            time.sleep(seconds)
    except KeyboardInterrupt:
        return


def _show_now(invocation: Invocation, screen: Screen, *, deep: bool) -> None:
    try:
        data = _looked(invocation, deep=deep)
    except AdminError as error:
        # It may be well at the next look: a watch goes on until whoever watches ends it.
        if invocation.json:
            out_error(error, as_json=True)
        else:
            screen.show(f"{_clock()}\n\nargent: {error.message}")
        return
    if invocation.json:
        out_json("status", data)
    else:
        screen.show(f"{_clock()}\n\n{_text(data)}")


def _clock() -> str:
    return f"{datetime.now(UTC).astimezone():%Y-%m-%d %H:%M:%S}"


def show_gateway(runtime: Json | None) -> None:
    """A line or two about the process."""
    out(DOWN if runtime is None else "\n".join(gateway_lines(runtime, datetime.now(UTC))))
