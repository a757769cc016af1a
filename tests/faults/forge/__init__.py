"""Processes that are started at once and whose system calls somebody watches.

`__main__` is the fork server: everything that a gateway imports is imported there, and a gateway is
a fork of it that then runs as any other would. `warden` sees the system calls of one, through a
seccomp listener (https://man7.org/linux/man-pages/man2/seccomp_unotify.2.html), and does a `Harm`
at one of them. `client` is what tests use. docs/adr/0031 says why this is not strace.
"""
