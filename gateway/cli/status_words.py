"""What ``argent status`` says, as lines. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.cli.text import ago, many, size, span, spent, table, time
from gateway.visible import one_line

Json = Mapping[str, Any]

DOWN = "The gateway is not running. Start it with `argent up` or `argent gateway run`."


def status_lines(data: Json, now: datetime) -> Iterator[str]:
    """Everything at a glance."""
    yield from _condition(data)
    if data["gateway"] is not None:
        yield from gateway_lines(data["gateway"], now)
    yield f"State folder: {data['state_dir']}"
    if data["channels"]:
        yield "\nChannels:"
        yield from channel_lines(data["channels"], now)
    yield ""
    yield from _counted(data)
    if "disk" in data:
        yield ""
        yield from _measured(data["measured"], now)
        yield from _on_the_disk(data["disk"], now)


def _condition(data: Json) -> Iterator[str]:
    match data["condition"]:
        case "ready":
            return
        case "down":
            yield DOWN
        case "hangs":
            yield f"The gateway hangs: {one_line(data['problem'])}"
            yield "If it stays so: argent logs --level warning; argent gateway stop."
        case "silent":
            yield f"No gateway answers: {one_line(data['problem'])}."
        case condition:
            what = "cannot go on" if condition == "not_live" else "is not ready"
            yield f"The gateway {what}: {one_line('; '.join(data['verdict']['reasons']))}"


def gateway_lines(runtime: Json, now: datetime) -> Iterator[str]:
    """A line or two about the process."""
    up = span((now - time(runtime["started_at"])).total_seconds())
    yield f"The gateway is running: version {runtime['version']}, pid {runtime['pid']}, for {up}."
    working = many(runtime["turns_running"], "turn")
    yield f"Model: {runtime['model']}; {working} running, {runtime['parts_queued']} parts queued."
    for model, why in runtime["models_resting"].items():
        yield f"Model {model} is not asked until it answers again: {why}"
    if runtime["storage_problem"]:
        yield f"Storage: {runtime['storage_problem']}"
    if runtime["search_problem"]:
        yield f"Search: {runtime['search_problem']}"
    if problem := runtime["sandbox_problem"]:
        yield f"Sandbox: degraded, sandboxed sessions have no bash: {problem}"
    elif runtime["sandbox"]:
        yield f"Sandbox: {runtime['sandbox']}."
    for server in runtime["mcp"]:
        offers = f"{server['condition']}, {many(server['tools'], 'tool')}"
        told = f": {server['problem']}" if server["problem"] else ""
        yield f"MCP server {server['name']}: {offers}{told}"
    if problem := runtime["settings_problem"]:
        yield f"Settings: those of before are in effect, because {problem}"
    if needed := runtime["restart_needed"]:
        yield f"Restart needed for: {', '.join(needed)}"
    for report in runtime["repaired"]:
        yield f"Repaired: {report}"


def channel_lines(found: Sequence[Json], now: datetime) -> list[str]:
    """A line for each account."""
    rows = []
    for channel in found:
        proved, waits = channel["proved_at"], channel["waits_until"]
        words = [f"proved {ago(time(proved), now)}" if proved else "not proved yet"]
        words += [f"connection {channel['connections']}"] if channel["connections"] else []
        words += [f"lag {channel['lag']:.1f} s"] if channel["lag"] is not None else []
        if waits and time(waits) > now:
            words.append(f"left alone for {span((time(waits) - now).total_seconds())}, as it asked")
        words += [channel["identity"]] if channel["identity"] else []
        words += [one_line(channel["detail"])] if channel["detail"] else []
        rows.append((channel["account"], channel["kind"], channel["condition"], ", ".join(words)))
    return table(rows)


def _counted(data: Json) -> Iterator[str]:
    counts = data["counts"]
    rows = [
        ("Sessions", counts["sessions"]),
        ("Messages without an answer", counts["pending"]),
        ("Parts to send", counts["owed"]),
        ("Parts sent", counts["sent"]),
        ("Parts perhaps repeated", counts["repeated"]),
        ("Parts that could not be sent", counts["failed_parts"]),
        ("Updates set aside", counts["set_aside"]),
    ]
    yield from table([(f"{name}:", str(count)) for name, count in rows], indent="")
    yield f"Spent today (UTC): {spent(data['today'])}"
    if counts["outcomes"]:
        ended = ", ".join(f"{n} {outcome}" for outcome, n in sorted(counts["outcomes"].items()))
        yield f"Messages that ended: {ended}"


def _measured(measured: Json | None, now: datetime) -> Iterator[str]:
    """What the process measured; of one that does not answer, nothing is known."""
    if measured is None:
        yield "Event loop, floods, models: not known, nobody answers"
        return
    loop = measured["loop"]
    worst = f"{loop['worst'] * 1000:.0f} ms at most, {many(loop['stalls'], 'stall')}"
    yield f"Event loop: {loop['lag'] * 1000:.0f} ms late, {worst} so far"
    for name, flood in measured["floods"].items():
        waits = f"{many(flood['chats'], 'chat')} wait, {flood['seconds']:.0f} s at most"
        yield f"Flood on {name}: {waits}"
    for model in measured["models"]:
        yield f"Model {model['model']}: {_asked(model, now)}"


def _asked(model: Json, now: datetime) -> str:
    answered, failed = model["answered_at"], model["failed_at"]
    words = [f"answered {ago(time(answered), now)}"] if answered else ["has not answered yet"]
    words += [f"failed {ago(time(failed), now)} ({model['error']})"] if failed else []
    return ", ".join(words)


def _on_the_disk(disk: Json, now: datetime) -> Iterator[str]:
    longest = disk["longest"]
    for name, what in (("Longest without an answer", "unanswered"), ("Longest to send", "owed")):
        yield f"{name}: {'not known' if longest is None else _waited(longest[what], now)}"
    yield f"Disk: {_room(disk['room'])}"
    files = [(name, disk["files"][name]) for name in ("ledger", "ledger_log", "search")]
    told = [f"{name.replace('_', ' ')} {size(count)}" for name, count in files if count is not None]
    yield f"Files: {', '.join(told) or 'none yet'}"
    yield from _integrity(disk["integrity"])
    made = disk["backup"]
    backup = f"made {ago(time(made['made_at']), now)}" if made else "none is known of"
    yield f"Backup: {backup}"
    yield f"Errors logged in the last hour: {_logged(disk['log'], now)}"


def _waited(found: Json | None, now: datetime) -> str:
    if found is None:
        return "nothing waits"
    whose = f"{found['session']}, on {found['account']}" if found["session"] else found["account"]
    return f"{span((now - time(found['since'])).total_seconds())} ({whose})"


def _room(room: Json | None) -> str:
    if room is None:
        return "not known"
    inodes = room["inodes_free"]
    left = "" if inodes is None else f", room for {inodes:,} files"
    return f"{size(room['free'])} of {size(room['size'])} free{left}"


def _integrity(looked: Json) -> Iterator[str]:
    sample = f"the ledger and {many(looked['sessions'], 'session')} that were active last"
    if not looked["problems"]:
        yield f"Looked over: {sample}; nothing is wrong"
        return
    yield f"Looked over: {sample}; see `argent sessions check` and `argent doctor`"
    yield from (f"  {one_line(problem)}" for problem in looked["problems"])


def _logged(log: Json | None, now: datetime) -> str:
    if log is None:
        return "not known, no log file can be read"
    latest = log["latest"]
    if latest is None:
        return str(log["errors"])
    return f"{log['errors']}, the last {ago(time(latest['at']), now)}: {one_line(latest['event'])}"
