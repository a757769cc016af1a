"""The nouns of a conversation and their storage; imports nothing of the other parts."""
