-- Times are microseconds since 1970 UTC; ids and digests 32 bytes; counties their six digits.

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Ends of numberings and the gauges: kept with what they count, so that neither is ever counted out.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chains (
    number INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    epoch TEXT NOT NULL,
    epoch_counter INTEGER NOT NULL,
    source TEXT NOT NULL,
    agreement_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    audience TEXT NOT NULL,  -- codes joined by commas
    head_seq INTEGER NOT NULL,
    head_id TEXT NOT NULL,
    frozen INTEGER NOT NULL,
    retired INTEGER NOT NULL,  -- ours, and this store was restored: nothing follows in this epoch
    UNIQUE (channel, epoch)
) STRICT;

-- Every accepted link, own or received. The four byte strings stand last: a listing reads past none of them.
CREATE TABLE envelopes (
    position INTEGER PRIMARY KEY,
    envelope_id BLOB NOT NULL,
    chain_number INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    direction TEXT NOT NULL,
    wire_type TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    level INTEGER,
    early INTEGER NOT NULL,
    newer_schema INTEGER NOT NULL,
    refused INTEGER NOT NULL,  -- header and signatures only: the chain goes on, nobody is shown it
    listed INTEGER NOT NULL,   -- an event: neither refused nor a control record
    header BLOB NOT NULL,
    signatures BLOB NOT NULL,
    keys BLOB NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX envelopes_by_place ON envelopes (chain_number, seq);
-- Ids are random. Grouped by every 8,192 positions they are inserted close together, however many there are:
-- the cost of a new row stays flat, and a search looks into one group after the other, newest first.
CREATE INDEX envelopes_by_id ON envelopes (position >> 13, envelope_id);
CREATE INDEX envelopes_early ON envelopes (chain_number, seq) WHERE early = 1;
CREATE INDEX events_by_direction ON envelopes (direction, position) WHERE listed = 1;
CREATE INDEX events_by_type ON envelopes (direction, wire_type, position) WHERE listed = 1;

CREATE TABLE publications (
    lane TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    position INTEGER NOT NULL,  -- of the envelope
    subject TEXT NOT NULL,
    PRIMARY KEY (lane, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX publications_by_position ON publications (position);

-- Deliveries are kept as ranges, so that neither the size of an audience nor that of a receipt costs rows:
-- who owes receipts for which run of a chain, up to where each has settled them, and what proved it.
CREATE TABLE expectations (
    chain_number INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    recipients TEXT NOT NULL,  -- codes joined by commas
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (chain_number, first_seq, recipients)
) STRICT, WITHOUT ROWID;

CREATE TABLE settled (
    chain_number INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    up_to INTEGER NOT NULL,  -- nothing at or below owes *stored*
    PRIMARY KEY (chain_number, recipient)
) STRICT, WITHOUT ROWID;

CREATE TABLE reached (
    chain_number INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    fact TEXT NOT NULL,  -- stored, handed_over, acknowledged, refused; ranges of one fact never overlap
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    officer TEXT,
    answer TEXT,
    rank INTEGER NOT NULL,  -- how final an answer is: 1 acknowledged, 2 actioned or declined
    code TEXT,
    PRIMARY KEY (chain_number, recipient, fact, first_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    number INTEGER PRIMARY KEY,
    envelope_id BLOB NOT NULL,
    direction TEXT NOT NULL,
    receiver TEXT NOT NULL,
    stage TEXT NOT NULL,
    target_chain INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    officer TEXT,
    answer TEXT,
    means TEXT,
    code TEXT,
    text TEXT
) STRICT;

CREATE INDEX receipts_by_target ON receipts (target_chain, seq);

-- The widest range of a chain's receipts: how far behind an event the receipt that covers it can stand.
CREATE TABLE receipt_widths (
    target_chain INTEGER PRIMARY KEY,
    widest INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    reference ANY NOT NULL,  -- 32 bytes of id or digest, or the number of a notice
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE held_back (
    number INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    envelope_id BLOB NOT NULL,
    size INTEGER NOT NULL,
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    held_at INTEGER NOT NULL,
    message BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX held_back_by_place ON held_back (channel, epoch, seq, envelope_id, size);

CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    code TEXT NOT NULL,
    field TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    message BLOB
) STRICT;

CREATE INDEX quarantine_bodies ON quarantine (source, number) WHERE message IS NOT NULL;

CREATE TABLE quarantine_usage (
    source TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE watches (
    chain_number INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    stage TEXT NOT NULL,
    envelope_id BLOB NOT NULL,
    due_at INTEGER NOT NULL,
    level INTEGER NOT NULL,
    PRIMARY KEY (chain_number, seq, recipient, stage)
) STRICT, WITHOUT ROWID;

CREATE INDEX watches_by_deadline ON watches (due_at);

CREATE TABLE notices (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    county TEXT NOT NULL,
    text TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    resolved_at INTEGER
) STRICT;

CREATE UNIQUE INDEX notices_open ON notices (kind, about, county) WHERE resolved_at IS NULL;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    request_digest TEXT NOT NULL,
    envelope_id BLOB NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
    stream TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL  -- worked off up to here; -1 if that is to be begun anew
) STRICT, WITHOUT ROWID;
