"""Which format a file has, told by what is in it and never by its name. Pure."""

import json
from datetime import datetime
from typing import Any

from gateway.importing import lurkbot, own
from gateway.importing.brought import Brought, Unreadable
from state.codec import InvalidValue, loads
from state.keys import SessionKey

_KNOWN = (
    "known are an export of Argent (JSON), a history.json, a session file of LurkBot (JSON) and a "
    "session of Loki or aichat (YAML)"
)


def read(data: bytes, *, key: SessionKey | None, at: datetime, name: str = "") -> Brought:
    """The conversation in a file's content. It is taken whole, or not at all.

    `key` names its session whatever the file says, `at` is when it began where the file does not
    tell, `name` what the file is called. Raises `Unreadable`, `NewerFormat`.
    """
    if not data.strip():
        raise Unreadable("the file is empty")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"byte {error.start}: the file is not UTF-8; {_KNOWN}") from error
    if text.lstrip()[:1] in ("{", "["):
        return _from_json(_json(text), key, at)
    from gateway.importing import loki
    from state.codec import yaml_text

    try:
        document = yaml_text.load(text.encode())
    except InvalidValue as error:
        raise Unreadable(str(error)) from error
    if not isinstance(document, dict) or not loki.is_session(document):
        raise Unreadable(f"this is no conversation that can be read; {_KNOWN}")
    return loki.from_session(document, key, at, name)


def _from_json(document: Any, key: SessionKey | None, at: datetime) -> Brought:
    if isinstance(document, list):
        return own.from_history(document, key, at)
    if document.get("ok") is True and isinstance(document.get("data"), dict):
        # What `argent sessions export --json` prints around the document.
        document = document["data"].get("document")
    if not isinstance(document, dict):
        raise Unreadable("data.document: there is no JSON export in this file")
    if own.is_export(document):
        return own.from_export(document, key)
    if lurkbot.is_session(document):
        return lurkbot.from_session(document, key, at)
    raise Unreadable(f"this is no conversation that can be read; {_KNOWN}")


def _json(text: str) -> Any:
    try:
        return loads(text.encode())
    except InvalidValue:
        pass
    # The strict parser is fast, the other says where it stopped and takes lone surrogates.
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(f"{where}: the file is cut or damaged JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise Unreadable(f"the file is no JSON that can be read: {error}") from error
