"""``argent pair``: strangers, who was let in, and who is linked with whom."""

from datetime import UTC, datetime
from typing import Any

import click

from gateway.cli import completing, reach
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.pair_link import code, link, unlink
from gateway.cli.text import span, table, time
from gateway.visible import one_line

Json = dict[str, Any]


@click.group(cls=Group, help="Strangers who ask to be let in, and people who were, and are linked.")
def pair() -> None:
    """The group."""


for each in (code, link, unlink):
    pair.add_command(each)


@pair.command("list")
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List who waits to be let in, who was, and who is linked with whom."""
    invocation.show("people", reach.look(invocation).people(datetime.now(UTC)), _list)


def _list(data: Json) -> None:
    now = datetime.now(UTC)
    if data["pending"]:
        out("Waiting to be let in:")
        rows = [
            (r["code"], r["account"], _name(r), f"expires in {_left(r, now)}")
            for r in data["pending"]
        ]
        out("\n".join(table(rows)))
    if data["admitted"]:
        out("\nLet in:" if data["pending"] else "Let in:")
        rows = [
            (a["account"], _name(a), a["role"], f"since {a['since'][:10]}")
            for a in data["admitted"]
        ]
        out("\n".join(table(rows)))
    if data["linked"]:
        out("\nLinked:" if data["pending"] or data["admitted"] else "Linked:")
        rows = [
            (each["person"], each["account"], _name(each), f"since {each['since'][:10]}")
            for each in sorted(data["linked"], key=lambda each: str(each["person"]))
        ]
        out("\n".join(table(rows)))
    for live in data["codes"]:
        whose = f"{live['of']} has a code" if live["of"] else "There is a code for an owner"
        out(f"{whose}; it expires in {_left(live, now)}.")
    if not any(data.values()):
        out("Nobody waits, and nobody was let in by hand.")


def _left(request: Json, now: datetime) -> str:
    return span((time(request["expires_at"]) - now).total_seconds())


def _name(person: Json) -> str:
    return f"{person['user']} ({one_line(person['name'])})"


@pair.command()
@click.argument("code")
@click.option("--owner", is_flag=True, help="Let them in as an owner: full trust.")
@click.pass_obj
def approve(invocation: Invocation, code: str, owner: bool) -> None:
    """Let in the person who was given CODE, and tell them."""
    data = reach.carry_out(invocation, "pair.approve", {"code": code, "owner": owner})
    invocation.show("approved", data, _approved)


def _approved(data: Json) -> None:
    person = data["admitted"]
    out(f"{_name(person)} on {person['account']} is let in as {person['role']}.")
    if not data["told"]:
        out("No gateway is running, so they were not told.")


@pair.command()
@click.argument("code")
@click.pass_obj
def deny(invocation: Invocation, code: str) -> None:
    """Drop the request with CODE. The stranger is not told."""
    data = reach.carry_out(invocation, "pair.deny", {"code": code})
    invocation.show("denied", data, lambda d: out(f"Denied: {_name(d['denied'])}."))


@pair.command()
@click.argument("user")
@click.option(
    "--account",
    shell_complete=completing.names_in("channels"),
    help="The account, where the id was let in on several.",
)
@click.pass_obj
def revoke(invocation: Invocation, user: str, account: str | None) -> None:
    """Let the person with the id USER in no longer."""
    given = {"user": user} | ({"account": account} if account else {})
    data = reach.carry_out(invocation, "pair.revoke", given)
    invocation.show("revoked", data, lambda d: out(f"Revoked: {_name(d['revoked'])}."))
