"""Numbers that a keeper and whoever plans for it agree on."""

DATA = 20
"""The descriptor under which a program finds the first of `Plan.data`; the others follow."""

STATUS = 19
"""The descriptor on which bubblewrap tells how it went, if `Plan.status` asks for it."""

NOT_SET_UP = 125
"""The exit status of a child that did not come as far as its program."""
