"""Thinking: one agent turn against a model and a toolbox. Knows nothing of channels."""
