-- Drafts on their way to be released by two officers; the text goes when a draft is sent or withdrawn.
CREATE TABLE drafts (
    draft_id BLOB PRIMARY KEY,
    wire_type TEXT NOT NULL,
    body BLOB NOT NULL,            -- as its author sent it
    author TEXT NOT NULL,
    author_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    digest BLOB NOT NULL,
    reviewer TEXT NOT NULL,
    note TEXT NOT NULL,
    approved_by TEXT,              -- officer; null unless this very text is approved
    approved_name TEXT,
    approved_digest BLOB,
    approved_at INTEGER,
    event_id BLOB
) STRICT;

CREATE INDEX drafts_by_state ON drafts (state, changed_at);

-- Who stands behind events, ours and partners'. The event itself may come later.
CREATE TABLE releases (
    record_id BLOB PRIMARY KEY,    -- of the envelope that says so
    envelope_id BLOB NOT NULL,     -- of the event
    source TEXT NOT NULL,
    mode TEXT NOT NULL,
    officers TEXT NOT NULL,        -- JSON: officer, name, roles, digest of the credential
    released_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX releases_by_event ON releases (envelope_id, released_at);

-- Events of ours that one officer sent alone and nobody has countersigned.
CREATE TABLE countersigning (
    envelope_id BLOB PRIMARY KEY,
    officer TEXT NOT NULL,
    name TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX countersigning_by_time ON countersigning (told, due_at);
