"""``argent people list|show|rename``: who is whom, and what they may."""

from typing import Any

import click

from gateway.admin_errors import AdminError, as_admin_errors
from gateway.cli import reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.text import table
from gateway.visible import one_line
from gateway.whois import Whois
from state.codec import time_to_json
from state.persons import Identity

Json = dict[str, Any]


@click.command("list", cls=Command)
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List everybody who was let in or is configured, with their addresses and what they may."""
    whois, called = _known(invocation)
    persons = [_person(whois, name, called) for name in sorted(whois.persons)]
    others = [
        _address(whois, identity, called)
        for identity in sorted(whois.roles)
        if identity not in whois.members and identity.account != "terminal"
    ]
    invocation.show("persons", {"people": persons, "others": others}, _list)


def _list(data: Json) -> None:
    for person in data["people"]:
        out(_title(person))
        out("\n".join(table([_row(each) for each in person["addresses"]])))
    if data["others"]:
        out("\nLinked with nobody:" if data["people"] else "Linked with nobody:")
        out("\n".join(table([_row(each) for each in data["others"]])))
    if not data["people"] and not data["others"]:
        out("Nobody was let in yet. `argent pair code` lets in the first owner.")


@click.command(cls=Command)
@click.argument("name")
@click.pass_obj
def show(invocation: Invocation, name: str) -> None:
    """Show the person NAME: a name, or one of their addresses (<account>:<user id>)."""
    whois, called = _known(invocation)
    identity = Identity.parse(name)
    named = whois.members.get(identity) if identity is not None else name
    if named is None or named not in whois.persons:
        hint = "`argent people list` has everybody"
        raise AdminError("not_found", f"no person is known as {name!r}", hint)
    invocation.show("whois", _person(whois, named, called), _show)


def _show(person: Json) -> None:
    out(_title(person))
    out("\n".join(table([_row(each) for each in person["addresses"]])))
    out(f"Conversation: {person['session']}")


@click.command(cls=Command)
@click.argument("name")
@click.argument("new")
@click.pass_obj
def rename(invocation: Invocation, name: str, new: str) -> None:
    """Call the person NAME otherwise. Their conversation stays, and its id, too."""
    data = reach.carry_out(invocation, "people.rename", {"name": name, "new": new})
    invocation.show("person_renamed", data, lambda d: out(f"{d['renamed']} is {d['person']} now."))


def _known(invocation: Invocation) -> tuple[Whois, dict[Identity, str]]:
    """Who is whom by the settings and the ledger, and what the addresses are called."""
    from gateway.people import configured
    from state.files import ReadOnlyState

    reads = ReadOnlyState(invocation.state_dir)
    settings = invocation.settings_with_warnings().settings
    with as_admin_errors():
        whois = Whois.of(configured(settings), reads.admissions(), reads.persons(), reads.links())
    called = {Identity(each.account, each.user): each.name for each in whois.admissions}
    return whois, called | {each.identity: each.called for each in whois.links}


def _person(whois: Whois, name: str, called: dict[Identity, str]) -> Json:
    person = whois.persons[name]
    return {
        "name": name,
        "session": person.session,
        "configured": name in whois.configured.persons,
        "addresses": [_address(whois, each, called) for each in whois.addresses(name)],
    }


def _address(whois: Whois, identity: Identity, called: dict[Identity, str]) -> Json:
    link, role = whois.link_of(identity), whois.roles.get(identity)
    return {
        "account": identity.account,
        "user": identity.user,
        "name": called.get(identity, ""),
        "role": None if role is None else str(role),
        "since": None if link is None else time_to_json(link.since),
        "by": None if link is None or link.by is None else str(link.by),
    }


def _title(person: Json) -> str:
    return f"{person['name']} (configured)" if person["configured"] else str(person["name"])


def _row(address: Json) -> tuple[str, str, str, str]:
    who = f"{address['account']}:{address['user']}"
    by = f"linked by {address['by']}" if address["by"] else ""
    return who, one_line(address["name"]), address["role"] or "not let in", by
