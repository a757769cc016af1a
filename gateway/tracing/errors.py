"""Why messages cannot be traced."""


class TracingNotInstalled(Exception):
    """The libraries are missing; the message names the command that installs them."""

    def __init__(self) -> None:
        super().__init__(
            "telemetry.endpoint needs an extra that is not installed: "
            "pip install 'argent-gateway[otel]'"
        )
