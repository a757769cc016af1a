"""The process that keeps one command: it begins it, watches it, and sees all of it end.

It is a process of its own, so that what is left of a command always has a parent that waits for it,
also when the gateway was killed. It must start fast, so nothing here imports more than it needs:
not `dataclasses`, `typing` or `json`, which would double the time.
"""
