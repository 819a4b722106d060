-- Entering the console. No secret stands here as it is: digests of random ones, and what is sealed under a password, a
-- cookie or the node's passphrase.
CREATE TABLE console_accounts (
    officer TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    roles TEXT NOT NULL,           -- joined by commas
    password_hash TEXT NOT NULL,   -- Argon2id
    key_salt BLOB NOT NULL,
    sealed_key BLOB NOT NULL,      -- the officer's own seed, under the password
    public BLOB NOT NULL,
    sealed_totp BLOB NOT NULL,     -- under the node's passphrase
    last_step INTEGER NOT NULL,    -- newest step of 30 seconds that was taken
    created_at INTEGER NOT NULL,
    password_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    disabled_at INTEGER
) STRICT;

CREATE TABLE console_security_keys (
    credential_id TEXT PRIMARY KEY,
    officer TEXT NOT NULL,
    public_key BLOB NOT NULL,
    sign_count INTEGER NOT NULL,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX console_security_keys_of ON console_security_keys (officer, created_at);

CREATE TABLE console_recovery (
    officer TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (officer, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE console_invitations (
    digest TEXT PRIMARY KEY,
    officer TEXT NOT NULL,
    display_name TEXT NOT NULL,
    roles TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

CREATE TABLE console_sessions (
    digest TEXT PRIMARY KEY,       -- of the cookie's secret
    officer TEXT NOT NULL,
    stage TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    sealed_key BLOB NOT NULL,      -- the officer's own seed, under the cookie's secret
    challenge TEXT NOT NULL
) STRICT;

CREATE INDEX console_sessions_of ON console_sessions (officer);

CREATE TABLE console_tallies (
    key TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    failed_at INTEGER NOT NULL,
    locked_until INTEGER
) STRICT;

CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    officer TEXT NOT NULL,
    act TEXT NOT NULL,
    about TEXT NOT NULL,
    note TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT;
