"""What ``argent setup`` says: what was found while it asks, and what came of it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gateway.cli.findings import show_findings
from gateway.cli.output import BOLD, RED, note, out
from gateway.config_errors import Problem
from gateway.setup.checking import CheckedAccount, CheckedModel
from gateway.visible import one_line

Json = dict[str, Any]


def account(checked: CheckedAccount) -> Json:
    """An account as JSON has it; `link` is where people find the bot."""
    who = checked.probed.identity
    return {
        "account": checked.account,
        "kind": checked.kind,
        "identity": who,
        "link": f"https://t.me/{who[1:]}" if who and checked.kind == "telegram" else None,
        "works": checked.probed.works,
        "findings": [asdict(each) for each in checked.probed.findings],
    }


def model(checked: CheckedModel) -> Json:
    """A model as JSON has it."""
    return asdict(checked) | {"demo": checked.is_demo}


def tell_wrong(problems: Sequence[Problem]) -> None:
    """Why an answer is asked for again."""
    for each in problems:
        hint = f"; {each.hint}" if each.hint else ""
        note(f"That does not work: it {each.what}{hint}", style=RED)


def tell_account(checked: CheckedAccount) -> None:
    """What a platform said, while it is still asked. What does not hinder is told at the end."""
    if checked.probed.works:
        note(one_line(f"{checked.account}: {checked.probed.identity or 'the account'} works"))
        return
    for finding in checked.probed.findings:
        note(one_line(f"{finding.what}: {finding.cause}"), style=RED)
        note(one_line(f"    {finding.fix}"))


def tell_models(models: Sequence[CheckedModel]) -> None:
    """How the models answered."""
    for each in models:
        note(one_line(f"{each.model}: {each.error or _speed(each.seconds, demo=each.is_demo)}"))


def tell(data: Json) -> None:
    """What came of it, and what comes next."""
    if data["document"] is not None:
        out(data["document"], end="")
        note(f"\nThis would be in {data['file']}; nothing was written.")
    elif data["written"]:
        out(f"Written: {data['file']} ({', '.join(data['settings'])})")
    else:
        out(f"Nothing to write: {data['file']} and the environment have it all.")
    if data["kept"]:
        out(f"The old file is kept: {data['kept']}")
    if data["from_environment"]:
        out(f"From the environment, and not written: {', '.join(data['from_environment'])}")
    for each in data["accounts"]:
        works = "works" if each["works"] else "does not work yet"
        out(one_line(f"{each['account']}: {each['identity'] or 'not checked'} {works}"))
        show_findings(each["findings"])
    for each in data["models"]:
        told = each["error"] or _speed(each["seconds"], demo=each["demo"])
        out(one_line(f"model: {each['model']} {told}"))
    _tell_next(data)


def _tell_next(data: Json) -> None:
    out("\nNext:")
    for command in data["next"]:
        out(f"  {command}", style=BOLD)
    if data["next"][-1].endswith("pair code"):
        out("The second one, in another terminal, makes you the owner: it prints a code to write")
        out("to the bot, and for Telegram a link that opens the bot with it.")


def _speed(seconds: float, *, demo: bool) -> str:
    if demo:
        return "is a demo and no language model; it says so in every answer"
    return f"answers within {seconds:.1f} s"
