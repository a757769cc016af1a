"""Speaking: each platform behind one protocol. Knows nothing of agents."""
