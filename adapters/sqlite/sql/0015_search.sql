-- Words of events, 256 positions at a time. Pairs of characters stand in it as five bytes under a key that is not here.
CREATE TABLE search_blocks (
    block INTEGER PRIMARY KEY,     -- position >> 8
    stale INTEGER NOT NULL,        -- an event of it was erased: it has no words until it is indexed again
    held BLOB NOT NULL,            -- places whose words are in it
    dense BLOB NOT NULL            -- those with too many words to list
) STRICT;

CREATE INDEX search_blocks_stale ON search_blocks (block) WHERE stale = 1;

CREATE TABLE search_words (
    number INTEGER PRIMARY KEY,    -- block << 8 | bucket
    postings BLOB NOT NULL
) STRICT;
