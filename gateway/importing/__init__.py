"""Conversations from files: our own exports, and what other programs keep.

`reading.read` recognises a file by what is in it; every format has a module of its own. All of it
is pure: bytes in, `brought.Brought` out, or `brought.Unreadable` with the place.
"""
