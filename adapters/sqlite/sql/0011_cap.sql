-- CAP documents that came from other systems, one row each for ever; the bytes only as long as they are needed.
CREATE TABLE cap_documents (
    number INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,      -- SHA-256 of sender, identifier and time
    meaning BLOB NOT NULL,         -- SHA-256 of what it says
    digest BLOB NOT NULL,          -- SHA-256 of its bytes
    message_type TEXT NOT NULL,
    sender TEXT NOT NULL,
    identifier TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    origin TEXT NOT NULL,
    signer TEXT NOT NULL,
    state TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    event_id BLOB,                 -- envelope id of the event that it became
    faults TEXT NOT NULL,          -- JSON: [[code, field, mend], …]
    recorded_at INTEGER NOT NULL,
    settled_at INTEGER,
    settled_by TEXT,
    draft BLOB,                    -- only while an officer is to decide
    original BLOB                  -- NULL once an officer has decided, or the event was erased
) STRICT;

CREATE INDEX cap_documents_by_state ON cap_documents (state, number);
CREATE INDEX cap_documents_by_alert ON cap_documents (alert_id, number);
CREATE INDEX cap_documents_by_event ON cap_documents (event_id) WHERE event_id IS NOT NULL;

-- What foreign systems answered to alerts by CAP. No receipts: no officer stands behind them.
CREATE TABLE cap_answers (
    event_id BLOB NOT NULL,        -- of the alert
    key BLOB NOT NULL,             -- SHA-256 of sender, identifier and time of the answer
    stage TEXT NOT NULL,
    sender TEXT NOT NULL,
    identifier TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    note TEXT NOT NULL,
    origin TEXT NOT NULL,
    signer TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, key)
) STRICT, WITHOUT ROWID;

-- What is known of feeds that are asked, so that each entry is fetched once over restarts, too.
CREATE TABLE cap_feeds (
    name TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    entity_tag TEXT NOT NULL,
    modified TEXT NOT NULL,
    ids TEXT NOT NULL,             -- digests of entries whose documents came, blanks between
    failed TEXT NOT NULL           -- of those that could not be had
) STRICT, WITHOUT ROWID;
