"""Sessions: what metadata.json says."""

from state.choices import Choices, Option, Persistence
from state.codec.fields import Fields, InvalidValue
from state.codec.speech import usage_from_json, usage_to_json
from state.codec.text import Json, present, time_to_json
from state.keys import InvalidKey, SessionId, SessionKey
from state.lifecycle import Event, Phase
from state.session import Context, Session, Totals, Transition
from state.store import NewerFormat

VERSION = 3
"""The version of metadata.json and of the entries beside it.

Since 2 there are entries of the role ``deletion``. Since 3 sessions have choices of their own, and
side sessions: an older Argent would drop them.
"""


def session_to_json(session: Session) -> Json:
    """The facts as metadata.json says them; type, channel and chat_id repeat the key."""
    key = session.key
    return present(
        version=VERSION,
        id=session.id,
        key=str(key),
        keys=[str(known) for known in session.keys] or None,
        type=str(key.type),
        channel=key.channel,
        chat_id=str(key).split(":")[1],
        agent=session.agent,
        state=str(session.phase),
        created_at=time_to_json(session.created_at),
        updated_at=time_to_json(session.updated_at),
        messages=session.messages,
        context=_context_to_json(session.context),
        **_choices_to_json(session.choices),
        title=session.title,
        titled=session.titled or None,
        person=session.person,
        base=session.base,
        name=session.name,
        totals={"turns": session.totals.turns, **usage_to_json(session.totals.usage)},
        revision=session.revision,
        log=[_transition_to_json(step) for step in session.log] or None,
    )


def session_from_json(raw: object) -> Session:
    """The facts metadata.json says. Raises `InvalidValue`, `NewerFormat`."""
    fields = Fields(raw)
    if fields.count("version") > VERSION:
        raise NewerFormat(
            f"metadata.json has version {fields.count('version')}, this Argent knows {VERSION}: "
            "install the newer Argent again, or restore a backup"
        )
    totals = fields.maybe_child("totals") or Fields({})
    return Session(
        id=SessionId(fields.text("id")),
        key=_key(fields, fields.text("key")),
        keys=tuple(_key(fields, key) for key in fields.texts("keys")),
        agent=fields.text("agent"),
        phase=fields.one_of("state", Phase),
        created_at=fields.time("created_at"),
        updated_at=fields.time("updated_at"),
        messages=fields.count("messages"),
        context=_context_from_json(fields.maybe_child("context") or Fields({})),
        choices=_choices_from_json(fields),
        title=fields.maybe_text("title"),
        titled=fields.flag("titled"),
        person=fields.maybe_text("person"),
        base=None if (base := fields.maybe_text("base")) is None else SessionId(base),
        name=fields.maybe_text("name"),
        totals=Totals(turns=totals.count("turns", 0), usage=usage_from_json(totals)),
        revision=fields.count("revision", 0),
        log=tuple(map(_transition_from_json, fields.children("log"))),
    )


def _key(fields: Fields, written: str) -> SessionKey:
    try:
        return SessionKey.parse(written)
    except InvalidKey as error:
        raise InvalidValue(f"{fields.name('key')}: {error}") from error


def _choices_to_json(choices: Choices) -> Json:
    return {
        "model": choices.model,
        "options": None if choices.options is None else dict(choices.options),
        "skill": choices.skill,
        "tools": None if choices.tools is None else list(choices.tools),
        "mcp": None if choices.mcp is None else list(choices.mcp),
        "system_prompt": choices.system_prompt,
        "persistence": None if choices.persistence is None else str(choices.persistence),
    }


def _choices_from_json(fields: Fields) -> Choices:
    return Choices(
        model=fields.maybe_text("model"),
        options=_options(fields) if fields.has("options") else None,
        skill=fields.maybe_text("skill"),
        tools=fields.texts("tools") if fields.has("tools") else None,
        mcp=fields.texts("mcp") if fields.has("mcp") else None,
        system_prompt=fields.maybe_text("system_prompt"),
        persistence=fields.one_of("persistence", Persistence)
        if fields.has("persistence")
        else None,
    )


def _options(fields: Fields) -> dict[str, Option]:
    given = fields.value("options")
    if not isinstance(given, dict) or not all(
        isinstance(value, str | int | float | bool) for value in given.values()
    ):
        raise InvalidValue(f"{fields.name('options')}: expected a table of plain values")
    return given


def _context_to_json(context: Context) -> Json:
    return present(
        tokens=context.tokens,
        limit=context.limit,
        start=context.start,
        summary=context.summary,
        undo=[present(start=start, summary=summary) for start, summary in context.undo] or None,
    )


def _context_from_json(fields: Fields) -> Context:
    return Context(
        tokens=fields.count("tokens", 0),
        limit=fields.count("limit", 0),
        start=fields.count("start", 0),
        summary=fields.maybe_count("summary"),
        undo=tuple(
            (step.count("start"), step.maybe_count("summary")) for step in fields.children("undo")
        ),
    )


def _transition_to_json(step: Transition) -> Json:
    return present(
        at=time_to_json(step.at), event=str(step.event), state=str(step.phase), reason=step.reason
    )


def _transition_from_json(fields: Fields) -> Transition:
    return Transition(
        at=fields.time("at"),
        event=fields.one_of("event", Event),
        phase=fields.one_of("state", Phase),
        reason=fields.maybe_text("reason"),
    )
