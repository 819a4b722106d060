-- Where an office key of ours was published: who has that record, uses no older key.
ALTER TABLE office_keys_published ADD COLUMN envelope_id BLOB;

-- Office keys of ours that open a content which was erased: their private halves go as soon as nothing needs them.
CREATE TABLE office_keys_condemned (
    kid TEXT PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When contents that must not be kept for ever end; a row goes with its content.
CREATE TABLE content_ends (
    position INTEGER PRIMARY KEY,  -- of the envelope
    ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX content_ends_in_order ON content_ends (ends_at, position);

-- Who was shown personal content: a chain of its own, each row bound to the one before. Never what it said.
CREATE TABLE openings (
    number INTEGER PRIMARY KEY,
    envelope_id BLOB NOT NULL,
    opened_at INTEGER NOT NULL,
    access TEXT NOT NULL,          -- name of the token
    officer TEXT NOT NULL,         -- empty if the token is bound to none
    reason TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;

CREATE INDEX openings_by_event ON openings (envelope_id, number);
