"""Settings from the environment: `ARGENT_<SECTION>__<KEY>`, and the names that everybody uses."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from gateway.config import Settings
from gateway.config_errors import did_you_mean
from gateway.config_names import PREFIX, variable
from gateway.config_problems import elsewhere
from gateway.config_schema import (
    Path,
    child,
    fields,
    is_list,
    is_secret,
    is_section,
    leaves,
    mapped,
    type_at,
)
from gateway.paths import CONFIG, STATE_DIR

_OWN = {STATE_DIR, CONFIG}
_FILE = "_FILE"
"""How other programs mark a variable that names the file of a secret."""


def ollama_url(host: str) -> str:
    """`OLLAMA_HOST` as an address: it may lack a scheme and a port, or name what is listened on.

    https://github.com/ollama/ollama/blob/main/docs/faq.mdx
    """
    given = host if "//" in host else f"//{host}"
    parts = urlsplit(given, scheme="http")
    name = "127.0.0.1" if parts.hostname in (None, "0.0.0.0", "::") else parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 11434)
    literal = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{literal}:{port}{parts.path.rstrip('/')}"


WELL_KNOWN: Mapping[str, tuple[Path, Callable[[str], str]]] = {
    "TELEGRAM_BOT_TOKEN": (("channels", "telegram", "token"), str),
    "DISCORD_BOT_TOKEN": (("channels", "discord", "token"), str),
    "SLACK_BOT_TOKEN": (("channels", "slack", "token"), str),
    "SLACK_APP_TOKEN": (("channels", "slack", "app_token"), str),
    "SLACK_SIGNING_SECRET": (("channels", "slack", "signing_secret"), str),
    "OPENAI_API_KEY": (("models", "openai", "api_key"), str),
    "OPENAI_BASE_URL": (("models", "openai", "base_url"), str),
    "ANTHROPIC_API_KEY": (("models", "anthropic", "api_key"), str),
    "OLLAMA_HOST": (("models", "ollama", "base_url"), ollama_url),
}


def read(environ: Mapping[str, str]) -> tuple[dict[Path, Any], dict[Path, str], tuple[str, ...]]:
    """What the environment sets, which variable set it, and warnings about unknown ones.

    `ARGENT_…` beats a well-known name for the same setting. An empty variable is not set.
    """
    values: dict[Path, Any] = {}
    origins: dict[Path, str] = {}
    warnings: list[str] = []
    for name, (path, convert) in WELL_KNOWN.items():
        if text := environ.get(name, "").strip():
            try:
                values[path], origins[path] = convert(text), name
            except ValueError:
                warnings.append(f"{name} is ignored: it holds no address")
    warnings += [
        _refer(f"{name}{_FILE}", name) for name in WELL_KNOWN if environ.get(f"{name}{_FILE}")
    ]
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in _OWN or not environ[name].strip():
            continue
        found = _setting(name)
        if found is None:
            warnings.append(_unknown(name))
            continue
        path, annotation = found
        values[path], origins[path] = listed(environ[name], annotation), name
    return values, origins, tuple(warnings)


def _setting(variable_name: str) -> tuple[Path, Any] | None:
    path = _path(variable_name)
    annotation = None if path is None else type_at(Settings, path)
    return None if path is None or is_section(annotation) else (path, annotation)


def _path(variable_name: str) -> Path | None:
    """What a variable's name stands for: a setting, or a section."""
    annotation: Any = Settings
    path: Path = ()
    for segment in variable_name.removeprefix(PREFIX).split("__"):
        name = segment.lower()
        if name not in fields(annotation):
            name = name.replace("_", "-")  # what the owner names has no other mark
        annotation = child(annotation, name)
        if annotation is None:
            return None
        path = (*path, name)
    return path


def listed(text: str, annotation: Any) -> Any:
    """A setting's text as its value: ``a,b`` or ``["a", "b"]`` for a list, JSON for a table."""
    table = mapped(annotation) is not None
    if not is_list(annotation) and not table:
        return text
    if table or text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return ids(text)


def ids(text: str) -> list[str]:
    """What stands between commas."""
    return [item.strip() for item in text.split(",") if item.strip()]


def _unknown(name: str) -> str:
    meant = name.removesuffix(_FILE)
    if meant != name and (found := _setting(meant)) and is_secret(found[1]):
        return _refer(name, meant)
    hint = _meant(name)
    return f"{name} sets nothing that Argent knows{f'; {hint}' if hint else ''}"


def _refer(given: str, meant: str) -> str:
    return f"{given} is not read; write {meant}=file:/…, which works for every secret"


def _meant(name: str) -> str | None:
    bare = name.removeprefix(PREFIX)
    if bare in WELL_KNOWN:
        return f"did you mean {bare!r}?"
    if (path := _path(name)) is not None:
        below = next(leaf.path[-1] for leaf in leaves(type_at(Settings, path)))
        return f"it holds settings: did you mean {variable((*path, below))!r}?"
    if "__" not in bare and (full := elsewhere(bare.lower())):
        # Without its section: ARGENT_MODEL.
        return f"did you mean {variable(tuple(full.replace('*', 'telegram').split('.')))!r}?"
    return did_you_mean(name, [*_names_like(name), *_OWN])


def _names_like(name: str) -> list[str]:
    """Every variable, with what the owner names (an account, a session) as it is named here."""
    segments = name.removeprefix(PREFIX).split("__")
    own = segments[1].lower() if len(segments) > 1 else "name"
    paths = [leaf.path for leaf in leaves(Settings)]
    return [variable(tuple(own if name == "*" else name for name in path)) for path in paths]
