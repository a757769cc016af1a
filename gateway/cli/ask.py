"""``argent ask``: one question, one answer."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from gateway.admin_errors import AdminError
from gateway.api.client import ControlClient
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import DIM, note, out, out_json

_OUTCOME_SECONDS = 2.0
"""How long an outcome may be behind its answer: both were stored together."""


@click.command(cls=Command)
@click.argument("text", nargs=-1)
@click.pass_obj
def ask(invocation: Invocation, text: tuple[str, ...]) -> None:
    """Ask TEXT, or what standard input holds, and print the answer.

    Goes through the running gateway, or starts one for this question alone. It is part of the
    terminal's conversation. Exits with 1 when the answer is that there is none.
    """
    question = " ".join(text) if text else _input()
    if not question.strip():
        raise AdminError("usage", "what is the question?", "argent ask How are you?")
    running = ControlClient.connect(invocation.socket)
    if running is not None:
        running.close()
        answer = asyncio.run(_ask(invocation.socket, question, invocation))
    else:
        answer = _embedded(invocation, question)
    shown = _streams(invocation)
    if answer["outcome"] in ("failed", "declined"):
        if shown:
            raise SystemExit(1)
        raise AdminError("failed", answer["text"] or "the question was not answered")
    if invocation.json:
        out_json("answer", answer)
    elif not shown:
        out(answer["text"])


def _streams(invocation: Invocation) -> bool:
    """Whether somebody watches the answer grow; else it is printed when it is known to be one."""
    return sys.stdout.isatty() and not invocation.json


def _input() -> str:
    if sys.stdin.isatty():
        return ""
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    return sys.stdin.read()


def _embedded(invocation: Invocation, question: str) -> dict[str, Any]:
    from gateway.cli.start import prepare, start_errors
    from gateway.daemon import running

    # Only the terminal: nobody else shall find a gateway for the length of one question.
    settings = prepare(invocation, quiet=True).settings.model_copy(update={"channels": {}})

    async def ask_it() -> dict[str, Any]:
        async with running(settings, invocation.state_dir):
            return await _ask(invocation.socket, question, invocation)

    with start_errors():
        return asyncio.run(ask_it())


async def _ask(socket: Path, question: str, invocation: Invocation) -> dict[str, Any]:
    from gateway.cli.chat_link import ChatLink, new_source
    from gateway.cli.chat_screen import ChatScreen

    source = new_source()
    streams = _streams(invocation)
    screen = ChatScreen(streams=streams, silent=not streams)
    answer = screen.expect(source)
    missed: list[str] = []
    ended = asyncio.Event()

    async def watch(link: ChatLink) -> None:
        async for frame in link.frames():
            if frame["frame"] == "message" and not screen.answers(str(frame["source"])):
                # It came while nobody listened, and is delivered now: it must be shown.
                missed.append(str(frame["text"]))
                if not invocation.json:
                    note(f"(earlier) {frame['text']}", style=DIM)
                continue
            screen.show(frame)
            if screen.outcome(source) is not None:
                ended.set()
        answer.cancel()

    async with ChatLink.open(socket) as link:
        watching = asyncio.create_task(watch(link))
        try:
            await link.attach()
            await link.say(question, source)
            text = await answer
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _OUTCOME_SECONDS)
        except asyncio.CancelledError:
            if not answer.cancelled():
                raise
            raise AdminError("gateway_down", "the gateway stopped before it answered") from None
        finally:
            watching.cancel()
    outcome = screen.outcome(source)
    return {"question": question, "text": text, "outcome": outcome, "missed": missed}
