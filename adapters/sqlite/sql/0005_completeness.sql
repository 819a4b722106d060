-- The newest signal of each kind and county: an older one that comes again counts for nothing.
CREATE TABLE signals (
    county TEXT NOT NULL,
    wire_type TEXT NOT NULL,
    number INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL,
    heard_at INTEGER NOT NULL,
    PRIMARY KEY (county, wire_type)
) STRICT, WITHOUT ROWID;

-- Who says that a channel goes further than we hold it.
CREATE TABLE claims (
    claimant TEXT NOT NULL,
    channel TEXT NOT NULL,
    source TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    envelope_id BLOB NOT NULL,
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (claimant, channel)
) STRICT, WITHOUT ROWID;

CREATE INDEX claims_by_channel ON claims (channel, epoch);

-- Two links of one epoch that cannot both be true, as they were signed.
CREATE TABLE forks (
    channel TEXT NOT NULL,
    epoch TEXT NOT NULL,
    source TEXT NOT NULL,
    audience TEXT NOT NULL,  -- codes joined by commas
    first_id BLOB NOT NULL,
    first_header BLOB NOT NULL,
    first_signatures BLOB NOT NULL,
    second_id BLOB NOT NULL,
    second_header BLOB NOT NULL,
    second_signatures BLOB NOT NULL,
    found_at INTEGER NOT NULL,
    PRIMARY KEY (channel, epoch)
) STRICT;
