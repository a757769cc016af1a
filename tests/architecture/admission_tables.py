"""The tables of docs/admission.md, made from the code: `python -m` this module writes them."""

from collections.abc import Iterable, Iterator
from functools import partial

from channels.config import AccountSettings, CommandRights, DmPolicy, GroupPolicy, Respond
from gateway.admission import Admit, Ignore, Pair, Policy, Verdict, decide
from gateway.commands import CommandName, may
from state.keys import Address
from state.messages import ChatKind, Sender
from tests.architecture.sources import ROOT
from tests.unit.gateway.messages import message

PAGE = ROOT / "docs" / "admission.md"
BEGIN, END = "<!-- {name}: made by tests/architecture/admission_tables.py -->", "<!-- end -->"

OWNER, KNOWN, STRANGER = Sender("1", "Owner"), Sender("2", "Known"), Sender("7", "Stranger")
NAMED, CHAT = Sender("3", "Named"), Sender("-100", "The group", as_chat=True)
BOT = Sender("77", "Bot", is_bot=True)
GROUP = Address("telegram", "-100")


def private() -> Iterator[str]:
    """Who is let in in private, by `dm_policy`."""
    senders = {"an owner": OWNER, "somebody known": KNOWN, "a stranger": STRANGER, "a bot": BOT}
    yield from _header("dm_policy", senders)
    for dm in DmPolicy:
        rules = _policy(dm_policy=dm)
        yield _row(
            f"`{dm}`", [_word(decide(message(sender=who), rules, {})) for who in senders.values()]
        )


def groups() -> Iterator[str]:
    """Who is let in in a group, by what is set for it."""
    senders = {
        "an owner": OWNER, "somebody known": KNOWN, "named in `users`": NAMED,
        "a stranger": STRANGER, "an anonymous admin, a channel": CHAT, "a bot": BOT,
    }  # fmt: skip
    yield from _header("the group", senders)
    for label, settings in _groups().items():
        rules = _policy(**settings)
        said = [message(sender=who, address=GROUP, kind=ChatKind.GROUP) for who in senders.values()]
        yield _row(label, [_word(decide(each, rules, {})) for each in said])


def hearing() -> Iterator[str]:
    """What is taken for the bot in a group, by `respond`."""
    here = partial(message, address=GROUP, kind=ChatKind.GROUP)
    said = {
        "said to the bot": here(),
        "said to nobody, by a person": here(addressed=False),
        "by an anonymous admin or a channel": here(addressed=False, sender=CHAT),
        "a command of another bot": here("/roll", addressed=False),
        "by a bot, to the bot": here(sender=BOT),
    }
    yield from _header("respond", said)
    for respond in Respond:
        rules = _policy(group_policy="open", respond=respond)
        found = [decide(each, rules, {}) for each in said.values()]
        yield _row(f"`{respond}`", [_word(each) for each in found])


def rights() -> Iterator[str]:
    """Who may give which command."""
    places = {
        "in their private chat": (CommandRights.MEMBERS, False, False),
        "in a group, `owners`": (CommandRights.OWNERS, False, True),
        "`members`": (CommandRights.MEMBERS, False, True),
        "`nobody`": (CommandRights.NOBODY, False, True),
        "an owner in a group, `nobody`": (CommandRights.NOBODY, True, True),
    }
    yield from _header("command", places)
    for name in CommandName:
        for argument in ("", "…") if _differs(name, places.values()) else ("",):
            marks = [
                "yes" if may(name, argument, owner=owner, shared=shared, rights=there) else "–"
                for there, owner, shared in places.values()
            ]
            yield _row(f"`/{name}{' …' if argument else ''}`", marks)


TABLES = {"private": private, "groups": groups, "hearing": hearing, "rights": rights}


def filled(page: str) -> str:
    """The page with its tables as the code makes them."""
    for name, table in TABLES.items():
        begin = BEGIN.format(name=name)
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(END)
        page = "\n".join([before + begin, "", *table(), "", END]) + after
    return page


def _groups() -> dict[str, dict[str, object]]:
    def own(**settings: object) -> dict[str, object]:
        return {"chats": {"-100": settings}}

    return {
        "`closed`": {"group_policy": GroupPolicy.CLOSED, **own(users=["3"])},
        "`allowlist`": {},
        "`allowlist`, the group in `allow_groups`": {"allow_groups": ["-100"]},
        '`allowlist` or `open`, `users = ["3"]`': {"group_policy": "open", **own(users=["3"])},
        '`users = ["-100"]`, the group itself': {"group_policy": "open", **own(users=["-100"])},
        "`users = []`": {"group_policy": "open", **own(users=[])},
        "`open`": {"group_policy": GroupPolicy.OPEN},
    }


def _policy(**settings: object) -> Policy:
    return Policy.of(
        AccountSettings.model_validate({"owners": ["1"], "allow_users": ["2"], **settings})
    )


def _word(verdict: Verdict) -> str:
    match verdict:
        case Admit():
            return "answered"
        case Pair():
            return "a pairing code"
        case Ignore():
            return "–"


def _differs(name: CommandName, places: Iterable[tuple[CommandRights, bool, bool]]) -> bool:
    return any(
        may(name, "", owner=owner, shared=shared, rights=there)
        != may(name, "…", owner=owner, shared=shared, rights=there)
        for there, owner, shared in places
    )


def _header(first: str, columns: Iterable[str]) -> Iterator[str]:
    columns = list(columns)
    yield _row(first, columns)
    yield "|---" * (len(columns) + 1) + "|"


def _row(first: str, cells: list[str]) -> str:
    return f"| {first} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
