"""Full text over everything that was said: search.db, which can be thrown away at any time.

The histories are the truth. What is here follows them: `index` reads what is new in a session's
files, `indexer` does that behind the gateway's back, `finding` answers. `words`, `query`,
`snippet` and `spoken` are pure.
"""
