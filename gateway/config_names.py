"""One setting's name in files, in JSON and in the environment. Pure."""

import re

from gateway.config_schema import Path

PREFIX = "ARGENT_"

_CAMEL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def variable(path: Path) -> str:
    """The variable that sets this path."""
    return PREFIX + "__".join(name.replace("-", "_") for name in path).upper()


def snake(name: str) -> str:
    """``maxContextTokens`` as ``max_context_tokens``."""
    return _CAMEL.sub(r"_\1", name).lower()
