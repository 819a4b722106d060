-- Joint mediation: what outlives the content of the events, and what follows from it.

-- One row for each event of a case, own or received. No name and no text is here.
CREATE TABLE case_entries (
    envelope_id BLOB PRIMARY KEY,
    case_id BLOB NOT NULL,         -- of the event that registered the case, which may come later
    county TEXT NOT NULL,          -- that wrote it
    wire_type TEXT NOT NULL,
    said_at INTEGER NOT NULL,      -- its writer's claim
    seen BLOB NOT NULL,            -- ids of the newest entries that its writer had seen, 32 bytes each
    facts TEXT NOT NULL            -- JSON: references, digests, days
) STRICT, WITHOUT ROWID;

CREATE INDEX case_entries_by_case ON case_entries (case_id, envelope_id);

-- One row for each case, told anew with every entry.
CREATE TABLE cases (
    case_id BLOB PRIMARY KEY,
    agreement_id TEXT NOT NULL,
    counties TEXT NOT NULL,        -- the two, ascending
    lead TEXT NOT NULL,
    stage TEXT NOT NULL,
    confirmation TEXT NOT NULL,
    due_on TEXT,                   -- ISO 8601 day
    entries INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX cases_by_change ON cases (changed_at, case_id);
CREATE INDEX cases_open_by_change ON cases (changed_at, case_id) WHERE is_open = 1;
