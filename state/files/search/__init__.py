"""Full text over everything that was said: search.db, which can be thrown away at any time.

The histories are the truth, and the index follows them. `source` tells what is new in a session's
files, and `index` adds it; `follower` does that whatever happens to the file, `indexer` in a thread
beside the gateway, `catching_up` where there is none. `finding` answers. `words`, `query`,
`snippet` and `spoken` are pure. The decisions: docs/adr/0015-search.md.
"""
