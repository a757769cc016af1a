BEGIN TRANSACTION;
CREATE TABLE admissions (
    account TEXT NOT NULL,
    user    TEXT NOT NULL,
    role    TEXT NOT NULL,
    name    TEXT NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (account, user)
) STRICT;
INSERT INTO "admissions" VALUES('telegram','8','guest','Mallory',1769774400000);
CREATE TABLE aliases (key TEXT PRIMARY KEY, session TEXT NOT NULL) STRICT;
INSERT INTO "aliases" VALUES('telegram:-100200:group','telegram_123456789_main');
CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "cursors" VALUES('telegram/42','99');
CREATE TABLE inbox (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    account   TEXT NOT NULL,
    source    TEXT NOT NULL,
    key       TEXT,
    session   TEXT,
    entry     TEXT,
    at        INTEGER NOT NULL,
    payload   BLOB,
    outcome   TEXT,
    detail    TEXT,
    closed_at INTEGER,
    UNIQUE (account, source)
) STRICT;
INSERT INTO "inbox" VALUES(1,'telegram','1','telegram:123456789:main','telegram_123456789_main','e1',1769774400000,NULL,'replied',NULL,1769774401000);
INSERT INTO "inbox" VALUES(2,'telegram','2','telegram:123456789:main','telegram_123456789_main','e2',1769774400000,X'7B226973223A226D657373616765222C22736F75726365223A2232222C226964223A226D32222C2266726F6D223A7B226368616E6E656C223A2274656C656772616D222C2263686174223A22313233343536373839222C2273656E646572223A22313233343536373839222C226E616D65223A224A61736F6E227D2C226B696E64223A22646972656374222C2274657874223A22616E206F70656E207175657374696F6E222C226174223A22323032362D30312D33305431323A30303A30305A227D',NULL,NULL,NULL);
INSERT INTO "inbox" VALUES(3,'telegram','3','telegram:123456789:main','telegram_123456789_main','e3',1769774400000,X'7B226973223A22636F7272656374696F6E222C22736F75726365223A2233222C226964223A226D31222C2266726F6D223A7B226368616E6E656C223A2274656C656772616D222C2263686174223A22313233343536373839222C2273656E646572223A22313233343536373839222C226E616D65223A224A61736F6E227D2C226B696E64223A22646972656374222C2274657874223A2248756C6C6F222C226174223A22323032362D30312D33305431323A30303A30305A227D',NULL,NULL,NULL);
INSERT INTO "inbox" VALUES(4,'telegram','4',NULL,NULL,NULL,1769774400000,NULL,'declined','stranger',1769774400000);
CREATE TABLE outbox (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    seq       INTEGER NOT NULL REFERENCES inbox (seq),
    idx       INTEGER NOT NULL,
    channel   TEXT NOT NULL,
    chat      TEXT NOT NULL,
    thread    TEXT,
    text      TEXT,
    plain     TEXT,
    reply_to  TEXT,
    state     TEXT NOT NULL,
    attempts  INTEGER NOT NULL DEFAULT 0,
    doubts    INTEGER NOT NULL DEFAULT 0,
    key       TEXT NOT NULL,
    receipt   TEXT,
    reason    TEXT,
    UNIQUE (seq, idx)
) STRICT;
INSERT INTO "outbox" VALUES(1,1,0,'telegram','123456789',NULL,NULL,NULL,NULL,'sent',1,0,'11b5d26fb1e6d97007141367','900',NULL);
INSERT INTO "outbox" VALUES(2,1,1,'telegram','123456789',NULL,'<b>owed</b>','owed',NULL,'unknown',1,1,'42af1d80d8cb8956ee972d38',NULL,NULL);
CREATE TABLE pairings (
    code        TEXT PRIMARY KEY,
    account     TEXT NOT NULL,
    user        TEXT NOT NULL,
    name        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    chat        TEXT NOT NULL,
    thread      TEXT,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    notified_at INTEGER,
    UNIQUE (account, user)
) STRICT;
INSERT INTO "pairings" VALUES('CODE1','telegram','7','Mallory','telegram','7',NULL,1769774400000,1769778000000,NULL);
CREATE TABLE sessions (
    id             TEXT PRIMARY KEY,
    key            TEXT NOT NULL,
    channel        TEXT NOT NULL,
    chat           TEXT NOT NULL,
    thread         TEXT,
    type           TEXT NOT NULL,
    agent          TEXT NOT NULL,
    phase          TEXT NOT NULL,
    messages       INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    title          TEXT,
    person         TEXT,
    context_tokens INTEGER NOT NULL,
    context_limit  INTEGER NOT NULL
) STRICT;
INSERT INTO "sessions" VALUES('telegram_123456789_main','telegram:123456789:main','telegram','123456789',NULL,'main','main','created',0,1769774400000,1769774400000,NULL,NULL,0,0);
CREATE TABLE set_aside (
    account TEXT NOT NULL,
    source  TEXT NOT NULL,
    raw     BLOB NOT NULL,
    reason  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (account, source)
) STRICT;
INSERT INTO "set_aside" VALUES('telegram','5',X'7B2277686174223A','not an update',1769774400000);
CREATE INDEX inbox_open ON inbox (seq) WHERE outcome IS NULL;
CREATE INDEX inbox_closed ON inbox (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX outbox_open ON outbox (id) WHERE state IN ('owed', 'sending', 'unknown');
CREATE INDEX sessions_phase ON sessions (phase, updated_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('inbox',4);
INSERT INTO "sqlite_sequence" VALUES('outbox',2);
COMMIT;
