"""A state folder in one file: made beside a running gateway, verified, and restored elsewhere.

A backup is a tar archive in gzip that any tool can open. Its first member, ``manifest.json``, tells
every file's size and SHA-256; the others are as they stand in the state folder. What is taken, in
which order and why, is said in `create`.
"""
