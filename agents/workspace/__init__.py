"""A session's own folder, and how its files are reached without ever leaving it."""
