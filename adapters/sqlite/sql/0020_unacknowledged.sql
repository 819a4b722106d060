-- Incoming events that ask for this county's acknowledgement and have none: the few among the many, newest first.
CREATE TABLE unacknowledged (
    position INTEGER PRIMARY KEY,  -- of the envelope
    wire_type TEXT NOT NULL
) STRICT;

CREATE INDEX unacknowledged_by_type ON unacknowledged (wire_type, position);

INSERT INTO unacknowledged (position, wire_type)
SELECT e.position, e.wire_type FROM envelopes AS e
WHERE e.listed = 1 AND e.direction = 'in' AND json_extract(CAST(e.header AS TEXT), '$.acknowledge_by') IS NOT NULL
AND NOT EXISTS (
    SELECT 1 FROM receipts AS r
    WHERE r.target_chain = e.chain_number AND r.seq = e.seq
    AND r.direction = 'out' AND r.stage IN ('acknowledged', 'actioned')
);
