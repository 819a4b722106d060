-- Alerts being told to people, one row for each until somebody takes it; columns are the fields of schemas.escalations.
CREATE TABLE escalations (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    incident TEXT NOT NULL,
    level INTEGER,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    acknowledge_by INTEGER NOT NULL,
    expires_at INTEGER,
    step INTEGER NOT NULL,
    next_at INTEGER,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    owner_word TEXT,
    owner_strength TEXT,
    taken_at INTEGER,
    remind_at INTEGER,
    reminders INTEGER NOT NULL,
    heard INTEGER NOT NULL,
    rearmed_by INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    gaps TEXT NOT NULL,
    held TEXT,
    superseded_by TEXT NOT NULL,
    wake_at INTEGER,
    planned_at INTEGER,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX escalations_to_plan ON escalations (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX escalations_planned ON escalations (planned_at) WHERE wake_at IS NOT NULL;
CREATE INDEX escalations_by_incident ON escalations (incident) WHERE incident <> '';
CREATE INDEX escalations_by_version ON escalations (version);
CREATE INDEX escalations_newest ON escalations (opened_at);

-- Which escalation tells of an alert, by its source and that county's own number of it.
CREATE TABLE told_alerts (
    source TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (source, alert_id)
) STRICT, WITHOUT ROWID;

-- One officer told once, by one medium.
CREATE TABLE pages (
    page_id TEXT PRIMARY KEY,
    escalation TEXT NOT NULL,
    version TEXT NOT NULL,
    recipient TEXT NOT NULL,
    tier TEXT NOT NULL,
    purpose TEXT NOT NULL,
    step INTEGER NOT NULL,
    medium TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    submitted_at INTEGER,
    report_by INTEGER,
    delivered_at INTEGER,
    taken_over INTEGER NOT NULL,
    dropped_for TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX pages_by_escalation ON pages (escalation, due_at, page_id);

CREATE TABLE page_answers (
    number INTEGER NOT NULL,       -- within its escalation, from 1
    escalation TEXT NOT NULL,
    officer TEXT NOT NULL,
    word TEXT NOT NULL,
    strength TEXT NOT NULL,
    at INTEGER NOT NULL,
    to_officer TEXT NOT NULL,
    PRIMARY KEY (escalation, number)
) STRICT, WITHOUT ROWID;

-- What happened to an escalation, when and why; never changed.
CREATE TABLE escalation_changes (
    number INTEGER PRIMARY KEY,
    escalation TEXT NOT NULL,
    change TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    at INTEGER NOT NULL,
    officer TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE INDEX escalation_changes_by_escalation ON escalation_changes (escalation, number);

CREATE TABLE silences (
    number INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    escalation TEXT NOT NULL,
    officer TEXT NOT NULL,
    by_leader INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- What is to be handed to a provider.
CREATE TABLE page_work (
    page_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    medium TEXT NOT NULL,
    recipient TEXT NOT NULL,
    level INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    lease_until INTEGER,
    provider TEXT NOT NULL,
    parts TEXT NOT NULL,
    total INTEGER NOT NULL,
    reference INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX page_work_in_order ON page_work (level, next_at, page_id);

-- Parts handed over, and what providers reported, joined by provider and reference whichever came first.
CREATE TABLE page_tries (
    page_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    provider TEXT NOT NULL,
    tried_at INTEGER NOT NULL,
    reference TEXT NOT NULL,
    retry TEXT,
    code TEXT NOT NULL,
    PRIMARY KEY (page_id, part, attempt)
) STRICT, WITHOUT ROWID;

CREATE INDEX page_tries_by_reference ON page_tries (provider, reference) WHERE reference <> '';

CREATE TABLE page_reports (
    provider TEXT NOT NULL,
    reference TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    done_at INTEGER,
    heard_at INTEGER NOT NULL,
    PRIMARY KEY (provider, reference)
) STRICT, WITHOUT ROWID;

-- By officer: telephone numbers stand in the roster alone.
CREATE TABLE reply_codes (
    number TEXT NOT NULL,
    code TEXT NOT NULL,
    holder TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    PRIMARY KEY (number, code, opened_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX reply_codes_by_holder ON reply_codes (holder);

-- What each officer was sent by SMS lately, and what was held back and why.
CREATE TABLE sms_told (
    recipient TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    area TEXT NOT NULL,
    told TEXT NOT NULL,            -- JSON: [[group, level], …]
    text_digest TEXT NOT NULL
) STRICT;

CREATE INDEX sms_told_by_recipient ON sms_told (recipient, told_at);

CREATE TABLE suppressions (
    page_id TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    "group" TEXT NOT NULL,
    area TEXT NOT NULL,
    level INTEGER NOT NULL,
    reason TEXT NOT NULL,
    bundle TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    told_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX suppressions_waiting ON suppressions (recipient) WHERE told_at IS NULL;

CREATE TABLE replies (
    reply_id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    officer TEXT NOT NULL,
    text TEXT NOT NULL,
    outcome TEXT NOT NULL,
    heard_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX replies_by_officer ON replies (officer, heard_at);
