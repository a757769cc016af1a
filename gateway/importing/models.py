"""What other programs call a model, as we do. Pure."""

_PROVIDERS = {
    "openai": "openai",
    "claude": "anthropic",
    "anthropic": "anthropic",
    "ollama": "ollama",
}
_FAMILIES = {"gpt-": "openai", "chatgpt-": "openai", "claude-": "anthropic"}


def known_model(name: str | None) -> str | None:
    """``provider:model``; None for one that could be anybody's, which is then not chosen."""
    if not name:
        return None
    client, colon, model = name.partition(":")
    if colon and model:
        provider = _PROVIDERS.get(client)
        return f"{provider}:{model}" if provider else None
    for family, provider in _FAMILIES.items():
        if name.startswith(family):
            return f"{provider}:{name}"
    return None
