-- What later events of the same type are judged by. Only alerts and population reports have rows here.

CREATE TABLE alerts (
    position INTEGER PRIMARY KEY,  -- of the envelope
    alert_id TEXT NOT NULL,
    source TEXT NOT NULL,
    level INTEGER,                 -- NULL: a cancellation
    expires INTEGER NOT NULL
) STRICT;

CREATE INDEX alerts_by_id ON alerts (alert_id, source);

-- Who replaces or ends whom. The alert that is named may come later, or never.
CREATE TABLE alert_predecessors (
    position INTEGER NOT NULL,     -- of the update or cancellation
    alert_id TEXT NOT NULL,        -- that it names
    PRIMARY KEY (position, alert_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX alert_predecessors_by_id ON alert_predecessors (alert_id);

CREATE TABLE flow_reports (
    source TEXT NOT NULL,
    people TEXT NOT NULL,          -- period, its start, origin, destination
    position INTEGER NOT NULL,
    PRIMARY KEY (source, people, position)
) STRICT, WITHOUT ROWID;

-- What is doubtful about an event that was taken all the same.
CREATE TABLE event_marks (
    position INTEGER NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (position, mark)
) STRICT, WITHOUT ROWID;
