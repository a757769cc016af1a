"""The tests. CONTRIBUTING.md tells which folder holds what."""
