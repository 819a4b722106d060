-- Calls by telephone about events: ours to a neighbour, or a source's to us. The event itself may come later.
CREATE TABLE calls (
    record_id BLOB PRIMARY KEY,    -- of the envelope that says so
    envelope_id BLOB NOT NULL,     -- of the event
    source TEXT NOT NULL,
    told TEXT NOT NULL,
    office TEXT NOT NULL,
    outcome TEXT NOT NULL,
    officer TEXT NOT NULL,
    called_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_by_event ON calls (envelope_id, called_at);
