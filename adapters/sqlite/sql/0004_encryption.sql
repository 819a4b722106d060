-- What opens encrypted content. The content lies in `envelopes` as it was carried; without its row here it stays shut.
CREATE TABLE content_keys (
    position INTEGER PRIMARY KEY,  -- of the envelope
    key BLOB NOT NULL              -- 32 bytes
) STRICT;

-- What was taken out of an envelope for good: keys part, content and content key. Header and signatures stay.
-- One row for each county that says so, ourselves among them.
CREATE TABLE erasures (
    position INTEGER NOT NULL,     -- of the envelope
    county TEXT NOT NULL,
    reason TEXT NOT NULL,
    erased_at INTEGER NOT NULL,
    PRIMARY KEY (position, county)
) STRICT, WITHOUT ROWID;

-- Short-lived public encryption keys, ours and those that partners published.
-- By county first: a member that publishes another's key as its own takes nothing away from that one.
CREATE TABLE office_keys (
    county TEXT NOT NULL,
    kid TEXT NOT NULL,
    record TEXT NOT NULL,          -- the public record as JSON
    valid_from INTEGER NOT NULL,
    PRIMARY KEY (county, kid)
) STRICT, WITHOUT ROWID;

-- Which of our own were published on which channel.
CREATE TABLE office_keys_published (
    kid TEXT NOT NULL,
    channel TEXT NOT NULL,
    PRIMARY KEY (kid, channel)
) STRICT, WITHOUT ROWID;
