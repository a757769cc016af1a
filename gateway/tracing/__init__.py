"""The way of each message as a trace, for OpenTelemetry collectors."""
