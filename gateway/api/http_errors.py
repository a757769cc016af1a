"""Why nothing can be asked over HTTP."""


class HttpUnavailable(Exception):
    """The address cannot be listened on; the message says why and what to do."""
