"""A day of a gateway in minutes: everybody talks, things fail, and nothing may grow."""
