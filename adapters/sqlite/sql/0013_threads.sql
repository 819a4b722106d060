-- Campaigns, offers, projects: which events belong to which, and each as lists see it. Written with the event itself.

CREATE TABLE thread_acts (
    family TEXT NOT NULL,
    thread TEXT NOT NULL,          -- its key
    position INTEGER NOT NULL,     -- of the envelope
    PRIMARY KEY (family, thread, position)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX thread_acts_by_position ON thread_acts (position);

CREATE TABLE threads (
    family TEXT NOT NULL,
    thread TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    position INTEGER NOT NULL,     -- of the newest act
    PRIMARY KEY (family, thread)
) STRICT, WITHOUT ROWID;

CREATE INDEX threads_by_position ON threads (family, position);

CREATE TABLE thread_parties (
    family TEXT NOT NULL,
    thread TEXT NOT NULL,
    county TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (family, thread, county)
) STRICT, WITHOUT ROWID;
