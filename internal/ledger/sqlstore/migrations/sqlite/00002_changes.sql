-- Runs change rows that stand there already, take old ones out of the way, and
-- keep a dashboard.

-- +goose Up

-- What an undo needs to know of a run. The short names of rows are fingerprints of all that a row says.
ALTER TABLE runs ADD COLUMN marks   TEXT NOT NULL DEFAULT '[]';  -- JSON array: of the rows that it added
ALTER TABLE runs ADD COLUMN changed TEXT NOT NULL DEFAULT '[]';  -- JSON array: what it did to rows that stood there

-- What a report needs to know of the one before.
ALTER TABLE runs ADD COLUMN healed  TEXT NOT NULL DEFAULT '[]';  -- JSON array: orders that a report told of as completed while their rows were open
ALTER TABLE runs ADD COLUMN as_of   TEXT NOT NULL DEFAULT '';    -- the moment that the run decided as of

-- The rows of an order, whatever their status: a change finds its row by them.
CREATE INDEX rows_of_an_order ON assignments (order_id);

-- Rows that were resolved long ago, whole. No run reads them; to bring one back:
--   INSERT INTO assignments (order_id, agent, assigned_at, status, priority, currency, amount, hours_stuck, diagnosis, notes, resolved_at, run_id)
--   SELECT order_id, agent, assigned_at, status, priority, currency, amount, hours_stuck, diagnosis, notes, resolved_at, run_id
--   FROM archive WHERE order_id = 'AE136JLXUG00';
CREATE TABLE archive (
    row_number  INTEGER PRIMARY KEY,            -- the order in which they came here; given by the database
    order_id    TEXT NOT NULL,
    agent       TEXT NOT NULL,
    assigned_at TEXT NOT NULL,
    status      TEXT NOT NULL,
    priority    TEXT NOT NULL,
    currency    TEXT NOT NULL,
    amount      TEXT NOT NULL,
    hours_stuck TEXT NOT NULL,
    diagnosis   TEXT NOT NULL,
    notes       TEXT NOT NULL,
    resolved_at TEXT NOT NULL,
    run_id      TEXT NOT NULL
);

-- What the newest run left: small tables of a label and a value, rewritten whole.
CREATE TABLE dashboard (
    section  TEXT NOT NULL,                     -- figures, diagnoses or agents
    position INTEGER NOT NULL,                  -- from 1
    label    TEXT NOT NULL,
    value    TEXT NOT NULL,                     -- a count or a text
    PRIMARY KEY (section, position)
);
