"""Set-up: what is known, what is left to ask, how answers are checked, and the file they make.

`draft`, `questions` and `document` are pure; `checking` asks platforms and providers, `filing`
writes. The conversation with the owner is the command line's.
"""
