"""The verbs: what happens to a message, and the only place where the parts are wired."""

__version__ = "0.1.0"
