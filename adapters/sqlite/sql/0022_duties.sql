-- The newest word of each partner about who is on duty there: one row a partner, and no names once it has run out.
CREATE TABLE neighbour_duties (
    county TEXT PRIMARY KEY,
    office TEXT NOT NULL,
    people TEXT NOT NULL,          -- JSON: [tier, display] each
    valid_until INTEGER NOT NULL,
    told_at INTEGER NOT NULL,      -- by the partner's clock
    channel BLOB NOT NULL,         -- with epoch and seq the place in the partner's chain
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What each partner was last told about who is on duty here, so that a restart tells nothing twice.
CREATE TABLE told_duties (
    partner TEXT PRIMARY KEY,
    envelope_id BLOB NOT NULL,
    people TEXT NOT NULL,          -- JSON: [tier, display] each
    valid_until INTEGER NOT NULL,
    told_at INTEGER NOT NULL,
    lately TEXT NOT NULL           -- JSON: when it was told within the hour up to told_at, in microseconds
) STRICT, WITHOUT ROWID;
