"""The ledger in one SQLite database: inbox, outbox, people, cursors and the session index."""
