"""What a message costs, measured from outside: `make bench` prints it and asserts nothing of time.

Every part runs in a process of its own: the emulated platform, a model that repeats what it hears,
and the gateway on a fresh state folder. Beside it stands the floor: a bare echo bot on the
platform's own library (python-telegram-bot, discord.py, slack-bolt) that stores nothing and asks no
model.
"""
