-- Courses of work that several counties do step by step. A step says nothing about anybody; what was said about a person
-- is in the content of its envelope, and goes with it.
CREATE TABLE course_steps (
    kind TEXT NOT NULL,            -- referral, service
    course_id TEXT NOT NULL,
    position INTEGER NOT NULL,     -- of the envelope
    wire_type TEXT NOT NULL,
    facts TEXT NOT NULL,           -- JSON
    PRIMARY KEY (kind, course_id, position)
) STRICT, WITHOUT ROWID;

-- What each course stands at: it follows from the steps, and is kept so that lists and clocks need not fold them.
CREATE TABLE courses (
    kind TEXT NOT NULL,
    course_id TEXT NOT NULL,
    state TEXT NOT NULL,
    open INTEGER NOT NULL,
    look_at INTEGER,               -- NULL: nothing is due by itself
    moved INTEGER NOT NULL,        -- position of its newest step
    PRIMARY KEY (kind, course_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX courses_in_order ON courses (kind, moved);
CREATE INDEX courses_open ON courses (kind, moved) WHERE open = 1;
CREATE INDEX courses_due ON courses (kind, look_at) WHERE look_at IS NOT NULL;
