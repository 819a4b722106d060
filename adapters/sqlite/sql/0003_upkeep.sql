-- Who closed a notice, when a person did; NULL when the cause was gone by itself.
ALTER TABLE notices ADD COLUMN closed_by TEXT;

-- Answers to Idempotency-Keys are forgotten by age.
CREATE INDEX idempotency_by_age ON idempotency (recorded_at);
