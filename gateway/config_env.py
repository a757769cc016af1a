"""Settings from the environment: `ARGENT_<SECTION>__<KEY>`, and the names that everybody uses."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from gateway.config import Settings
from gateway.config_errors import did_you_mean
from gateway.config_schema import Path, child, fields, is_list, is_section, leaves, mapped
from gateway.paths import CONFIG, STATE_DIR

PREFIX = "ARGENT_"
_OWN = {STATE_DIR, CONFIG}


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


def variable(path: Path) -> str:
    """The variable that sets this path."""
    return PREFIX + "__".join(name.replace("-", "_") for name in path).upper()


def _setting(variable_name: str) -> tuple[Path, Any] | None:
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
    return None if is_section(annotation) else (path, annotation)


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
    return [item.strip() for item in text.split(",") if item.strip()]


def _unknown(name: str) -> str:
    segments = name.removeprefix(PREFIX).split("__")
    account = segments[1].lower() if len(segments) > 1 else "name"
    paths = (leaf.path for leaf in leaves(Settings))
    known = [variable(tuple(account if n == "*" else n for n in path)) for path in paths]
    hint = did_you_mean(name, [*known, *_OWN])
    return f"{name} sets nothing that Argent knows{f'; {hint}' if hint else ''}"
