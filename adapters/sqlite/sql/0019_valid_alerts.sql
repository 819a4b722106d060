-- The duty desk asks for what has not expired, however much came after it.

CREATE INDEX alerts_by_end ON alerts (expires);
