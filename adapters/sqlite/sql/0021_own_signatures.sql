-- An officer's own signature under a draft, and what fixes its content as it will travel before it is sent.
ALTER TABLE drafts ADD COLUMN content_id BLOB;      -- null once the text is gone, and of drafts kept before this
ALTER TABLE drafts ADD COLUMN content_key BLOB;
ALTER TABLE drafts ADD COLUMN salt BLOB;
ALTER TABLE drafts ADD COLUMN submission TEXT;      -- JSON: its author's signed statement
ALTER TABLE drafts ADD COLUMN approved_own TEXT;    -- JSON: the second officer's

-- Digest of the terms that an officer signed: one of them releases one event.
ALTER TABLE releases ADD COLUMN terms BLOB;
CREATE INDEX releases_by_terms ON releases (source, terms);
