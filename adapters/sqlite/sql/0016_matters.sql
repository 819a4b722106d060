-- What the ledger counts of cases and courses, written with them. A row that nothing has come to since says nothing here.
ALTER TABLE cases ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN opened_at INTEGER;

ALTER TABLE courses ADD COLUMN mode TEXT NOT NULL DEFAULT '';
ALTER TABLE courses ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
ALTER TABLE courses ADD COLUMN opened_at INTEGER;
ALTER TABLE courses ADD COLUMN counties TEXT NOT NULL DEFAULT '';  -- none for referrals: see docs/ledger.md
