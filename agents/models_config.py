"""The settings of the models that agents think with."""

import re

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from agents.prices import Price


class ProviderSettings(BaseModel):
    """Where a model provider is and how to be let in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: SecretStr | None = None
    """The key that the provider gave you."""

    base_url: str
    """Where its API is."""

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if not re.match(r"https?://[^/]", url):
            raise ValueError(f"{url!r} is no address: write http://… or https://…")
        return url


class OpenAISettings(ProviderSettings):
    """OpenAI, or anything that speaks its chat completions."""

    base_url: str = "https://api.openai.com/v1"


class AnthropicSettings(ProviderSettings):
    """Anthropic."""

    base_url: str = "https://api.anthropic.com"


class OllamaSettings(ProviderSettings):
    """A local Ollama."""

    base_url: str = "http://127.0.0.1:11434"


class ModelsSettings(BaseModel):
    """Model providers, and how patient to be with them. Times are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    openai: OpenAISettings = OpenAISettings()
    """OpenAI, or anything that speaks its chat completions; `OPENAI_API_KEY`, `OPENAI_BASE_URL`."""

    anthropic: AnthropicSettings = AnthropicSettings()
    """Anthropic; `ANTHROPIC_API_KEY`."""

    ollama: OllamaSettings = OllamaSettings()
    """A local Ollama."""

    prices: dict[str, Price] = {}
    """US dollars for a million tokens, where Argent does not know them or knows them wrongly:
    `models.prices."openai:NAME" = { input = 2.5, output = 10, cached = 1.25 }`."""

    connect_timeout: float = Field(default=10.0, gt=0)
    """To connect."""

    first_byte_timeout: float = Field(default=60.0, gt=0)
    """Until the first word of an answer."""

    idle_timeout: float = Field(default=30.0, gt=0)
    """Between two words of an answer."""

    turn_timeout: float = Field(default=300.0, gt=0)
    """For a whole turn, with its tools and retries."""

    attempts: int = Field(default=3, ge=1, le=10)
    """How often one model is tried before the next one in `fallbacks`."""
