"""``argent logs``: what the gateway wrote down, whether or not it runs."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import click

from gateway.admin_errors import AdminError
from gateway.cli import reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.log_place import log_setting
from gateway.cli.output import BOLD, DIM, RED, note, out
from gateway.cli.text import many
from gateway.log_files import in_order, log_file
from gateway.log_forms import as_words
from gateway.log_reading import Lines, LogFollower, Written, opened
from gateway.log_wanted import LEVELS, InvalidTime, Wanted, complete, moment

SHOWN = 100
"""Lines that are shown where nothing says how many, or since when."""

_PAUSE = 0.25
"""Seconds between two looks at files that are followed; a look costs a few system calls."""

_STYLES = {"debug": DIM, "warning": BOLD, "error": RED, "critical": RED}


@click.command(cls=Command)
@click.option(
    "-n",
    "--lines",
    "count",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"The last N of them. Without it and --since, {SHOWN}.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is logged, until Ctrl-C.")
@click.option("--session", metavar="SESSION", help="Of a session: its key or id, or a prefix.")
@click.option("--channel", metavar="NAME", help="Of a messaging account.")
@click.option("--level", type=click.Choice(LEVELS), default=LEVELS[0], help="Not less than this.")
@click.option("--since", metavar="WHEN", help="From 2h ago (s, min, h, d, w), 14:30 or a date on.")
@click.option("--until", metavar="WHEN", help="Up to then.")
@click.option("--grep", "text", default="", metavar="TEXT", help="With this in it, in any case.")
@click.pass_obj
def logs(
    invocation: Invocation,
    count: int | None,
    follow: bool,
    session: str | None,
    channel: str | None,
    level: str,
    since: str | None,
    until: str | None,
    text: str,
) -> None:
    """Print what the gateway logged; it need not run.

    With --json, every line is a JSON object as it stands in the file, and there is no envelope.
    """
    whole = None if session is None else _resolved(invocation, session)
    wanted = Wanted(
        session=whole or (session and _as_id(session)),
        begins=whole is None,
        channel=channel,
        level=level,
        since=_moment(since),
        until=_moment(until),
        text=text,
    )
    lines = Lines(wanted)
    say = _raw if invocation.json else _say
    if count is None and since is None:
        count = SHOWN
    path = _path(invocation, follow=follow)
    try:
        following = _print(path, lines, count, say, follow=follow)
        if lines.damaged:
            note(f"argent: {many(lines.damaged, 'damaged line')} left out")
        if following is not None:
            _follow(following, lines, say)
    except OSError as error:
        raise AdminError("storage_failed", f"reading {path}: {error}") from error
    except KeyboardInterrupt:
        return


def _path(invocation: Invocation, *, follow: bool) -> Path:
    path = log_file(log_setting(invocation), invocation.state_dir)
    if path is None:
        hint = "it logs to standard error alone: see its service's journal, journalctl -u argent"
        raise AdminError("not_found", "no log file is kept (log.file = false)", hint)
    if not follow and not in_order(path):
        hint = "a gateway begins one when it starts: argent gateway run"
        raise AdminError("not_found", f"there is no log file {path}", hint)
    return path


def _resolved(invocation: Invocation, name: str) -> str | None:
    """The id of the one session that is called so; None where nothing is left of it but lines."""
    try:
        return reach.look(invocation).resolve(name).id
    except AdminError:
        return None


def _as_id(key: str) -> str:
    return key.replace(":", "_").replace("/", "_")


def _moment(text: str | None) -> str | None:
    try:
        return None if text is None else moment(text, datetime.now().astimezone())
    except InvalidTime as error:
        raise AdminError("usage", str(error)) from error


Say = Callable[[Iterable[Written]], None]


def _print(
    path: Path, lines: Lines, count: int | None, say: Say, *, follow: bool
) -> LogFollower | None:
    with opened(path) as reader:
        say(reader.all(lines) if count is None else reader.last(count, lines))
        return reader.on() if follow else None


def _follow(following: LogFollower, lines: Lines, say: Say) -> None:
    while True:
        say(lines.of(following.look()))
        time.sleep(_PAUSE)


def _raw(lines: Iterable[Written]) -> None:
    for line in lines:
        out(line.raw.decode("utf-8", "backslashreplace"))


def _say(lines: Iterable[Written]) -> None:
    for line in lines:
        event = complete(line.event)
        at, level = _local(str(event["at"])), str(event["level"])
        out(f"{at} {level:<7} {as_words(event)}", style=_STYLES.get(level))


def _local(at: str) -> str:
    """A line's time as the clock on the wall has it."""
    try:
        return datetime.fromisoformat(at).astimezone().isoformat(" ", timespec="seconds")[:19]
    except ValueError:
        return at
