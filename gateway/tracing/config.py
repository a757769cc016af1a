"""What is sent to an OpenTelemetry collector. Pure."""

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class TelemetrySettings(BaseModel):
    """Traces of how messages were worked on: times, ids and figures, and never words. They need
    the extra: ``pip install 'argent-gateway[otel]'``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str | None = None
    """Where traces are sent, by OTLP over HTTP, such as ``http://127.0.0.1:4318/v1/traces``.
    Not set: nowhere."""

    headers: dict[str, SecretStr] = {}
    """What is sent along with them, such as a collector's key."""

    sample: float = Field(default=1.0, ge=0.0, le=1.0)
    """Which share of the messages is traced."""

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str | None) -> str | None:
        if endpoint is None:
            return None
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{endpoint!r} is no address: http://127.0.0.1:4318/v1/traces is one")
        if parts.username or parts.password:
            raise ValueError("holds a password: put it under `headers`, as Authorization")
        return endpoint
