-- What a county has sent under an agreement, by hours since 1970 of its own clock.
CREATE TABLE quota_uses (
    source TEXT NOT NULL,
    agreement_id TEXT NOT NULL,
    hour INTEGER NOT NULL,
    events INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (source, agreement_id, hour)
) STRICT, WITHOUT ROWID;
