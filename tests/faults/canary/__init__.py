"""Secrets planted in a real gateway, everything that goes wrong around it, and a search for them.

`liar` stands before every server and hands back what it was shown, credentials and all, in every
kind of failure; `planted` knows the secrets and finds them in whatever form; `clumsy` is a gateway
whose own code breaks with a secret in its hands.
"""
