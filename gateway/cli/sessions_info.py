"""``argent sessions info``: a session's facts, and what it is set to."""

from typing import Any

import click

from gateway.admin_errors import AdminError
from gateway.cli import completing, reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.sessions_set import written
from gateway.cli.text import many, table

Json = dict[str, Any]


@click.command(cls=Command)
@click.argument("session", shell_complete=completing.sessions)
@click.pass_obj
def info(invocation: Invocation, session: str) -> None:
    """Show a session's facts, what it is set to and by whom, and the log of its life."""
    facts = reach.look(invocation).info(session)
    try:
        facts |= _set_to(invocation, facts)
    except AdminError as error:
        note(f"argent: what it is set to is not shown, because {error.message}")
    invocation.show("session", facts, _info)


def _set_to(invocation: Invocation, facts: Json) -> Json:
    """Which agent answers, and every setting that is not as that agent has it."""
    from gateway.current import Current
    from gateway.kept_text import words_kept
    from gateway.profiles import Profiles
    from state.codec import session_from_json

    profile = Profiles(Current(invocation.settings().settings)).of(session_from_json(facts))
    values = profile.settings.model_dump(mode="json")
    values["persistence"] = values["session"]["persistence"]
    settings = [
        {"name": name, "value": values[name], "source": source}
        for name, source in profile.sources.items()
    ]
    words = words_kept(profile.settings.session)
    return {"answers": profile.agent, "words": words, "settings": settings}


def _info(facts: Json) -> None:
    context, totals = facts["context"], facts["totals"]
    limit = context["limit"]
    share = f" of {limit} tokens ({context['tokens'] / limit:.0%})" if limit else " tokens"
    cached = f" ({totals['cached']} of them cached)" if totals.get("cached") else ""
    tokens = f"{totals['input']} tokens in{cached}, {totals['output']} out"
    used = f"{many(totals['turns'], 'turn')}, {tokens}"
    rows = [
        ("Key", facts["key"]),
        ("Id", facts["id"]),
        *([("Name", facts["name"])] if facts.get("name") else []),
        ("Title", facts.get("title") or "–"),
        ("State", facts["state"]),
        ("Agent", _agent(facts)),
        ("Messages", str(facts["messages"])),
        *([("Words", facts["words"])] if "words" in facts else []),
        ("Context", f"{context['tokens']}{share}"),
        ("Used", used),
        ("Created", facts["created_at"]),
        ("Last active", facts["updated_at"]),
    ]
    out("\n".join(table([(f"{name}:", value) for name, value in rows], indent="")))
    if facts.get("settings"):
        out("\nSet for it:")
        held = [(s["name"], _line(s["value"]), s["source"]) for s in facts["settings"]]
        out("\n".join(table(held)))
    if facts.get("log"):
        out("\nLog:")
        steps = [(s["at"], s["event"], s["state"], s.get("reason") or "") for s in facts["log"]]
        out("\n".join(table(steps)))


def _agent(facts: Json) -> str:
    now, then = facts["agent"], facts.get("answers")
    return now if then in (None, now) else f"{now}; from its next message on, {then}"


def _line(value: Any) -> str:
    line = " ".join(written(value).split())
    return line if len(line) <= 60 else f"{line[:59]}…"
