-- Files that events carry. Their bytes lie in the folder beside the database; what has no row here is swept from there.
CREATE TABLE files (
    envelope_id BLOB PRIMARY KEY,
    name TEXT NOT NULL,            -- in the folder; empty once the bytes are gone
    direction TEXT NOT NULL,
    source TEXT NOT NULL,
    size INTEGER NOT NULL,         -- as carried; with the next three what the signed header says
    digest BLOB NOT NULL,
    chunk_size INTEGER NOT NULL,
    root BLOB NOT NULL,
    state TEXT NOT NULL,           -- arriving, whole, refused, erased
    held BLOB NOT NULL,            -- bitmap of the chunks that are here
    started_at INTEGER NOT NULL,
    moved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX files_arriving ON files (started_at) WHERE state = 'arriving';
CREATE INDEX files_gone ON files (name) WHERE state IN ('refused', 'erased') AND name <> '';

-- Files that a caller is handing over; no event uses them yet.
CREATE TABLE uploads (
    number TEXT PRIMARY KEY,
    access TEXT NOT NULL,
    size INTEGER NOT NULL,         -- as read
    sha256 BLOB NOT NULL,          -- as read
    key BLOB NOT NULL,             -- 32 bytes: content key of the event that the file will belong to
    started_at INTEGER NOT NULL,
    chunks TEXT                    -- what a header will say of it, as JSON; NULL until it is whole
) STRICT, WITHOUT ROWID;

-- Chunks that are to be published, and where to.
CREATE TABLE sendings (
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: it names publications at the hub
    envelope_id BLOB NOT NULL,
    destination TEXT NOT NULL,
    todo BLOB NOT NULL,            -- bitmap
    turn INTEGER NOT NULL          -- the smallest is next
) STRICT;

CREATE INDEX sendings_by_turn ON sendings (turn, number);
CREATE INDEX sendings_by_file ON sendings (envelope_id);

-- How much of a file of ours each county has said that it holds.
CREATE TABLE file_reports (
    envelope_id BLOB NOT NULL,
    county TEXT NOT NULL,
    held INTEGER NOT NULL,
    said_at INTEGER NOT NULL,
    PRIMARY KEY (envelope_id, county)
) STRICT, WITHOUT ROWID;
