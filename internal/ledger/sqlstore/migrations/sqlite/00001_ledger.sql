-- The ledger as tables, for people too: open the file with `sqlite3 ledger.db`.
--
-- Times are text in UTC, YYYY-MM-DD HH:MM:SS, and '' where there is none yet.
-- Amounts and hours are text, so that they stay exact. A blank or wrong cell
-- breaks nothing: the next run names it and leaves the row alone.
--
-- An agent is done with an order:
--   UPDATE assignments SET status = 'RESOLVED', resolved_at = datetime('now')
--   WHERE order_id = 'AE136JLXUG00' AND status <> 'RESOLVED';

-- +goose Up

-- One row is one order given to one agent. Change status and notes at will; any
-- status but OPEN, IN_PROGRESS, ESCALATED and RESOLVED is your own word, and
-- keeps the order out of every later deal.
CREATE TABLE assignments (
    row_number  INTEGER PRIMARY KEY,            -- the order of the rows; given by the database
    order_id    TEXT NOT NULL,                  -- byte for byte as the warehouse has it
    agent       TEXT NOT NULL,                  -- e-mail
    assigned_at TEXT NOT NULL,
    status      TEXT NOT NULL DEFAULT 'OPEN',
    priority    TEXT NOT NULL,                  -- P1 (most urgent) to P4
    currency    TEXT NOT NULL,                  -- what the customer paid in, ISO 4217
    amount      TEXT NOT NULL,                  -- what the customer paid, in major units
    hours_stuck TEXT NOT NULL,                  -- when assigned, one decimal
    diagnosis   TEXT NOT NULL DEFAULT '',
    notes       TEXT NOT NULL DEFAULT '',
    resolved_at TEXT NOT NULL DEFAULT '',
    run_id      TEXT NOT NULL DEFAULT ''        -- the run that wrote the row; '' for a person's own
);

-- The promise of the whole ledger: nobody can give an order to two agents at once.
CREATE UNIQUE INDEX one_active_row_an_order ON assignments (order_id)
    WHERE upper(trim(status)) <> 'RESOLVED';

-- Who orders are dealt to, by position.
CREATE TABLE agents (
    position     INTEGER PRIMARY KEY,           -- given by the database where left out
    email        TEXT NOT NULL,
    name         TEXT NOT NULL DEFAULT '',
    team         TEXT NOT NULL DEFAULT '',      -- Ops, KYC_ops or VDA_ops
    slack_handle TEXT NOT NULL DEFAULT '',      -- member id or name
    active       TEXT NOT NULL DEFAULT 'TRUE',  -- TRUE or FALSE
    max_tickets  INTEGER                        -- NULL: the policy's default_max_tickets
);

CREATE UNIQUE INDEX one_row_an_agent ON agents (lower(trim(email)));

-- What agents say they have closed, where they note it apart from the row itself.
CREATE TABLE resolutions (
    position    INTEGER PRIMARY KEY,            -- given by the database where left out
    order_id    TEXT NOT NULL,
    resolved_at TEXT NOT NULL,
    agent       TEXT NOT NULL DEFAULT '',
    notes       TEXT NOT NULL DEFAULT ''
);

-- Ours from here on. Each commit takes the next generation; the primary key
-- lets only one of several runs that read the same ledger have it.
CREATE TABLE generations (
    generation BIGINT PRIMARY KEY,              -- from 1
    run_id     TEXT NOT NULL,
    hash       TEXT NOT NULL                    -- of everything that the run decided
);

-- One row a committed run.
CREATE TABLE runs (
    run_id     TEXT PRIMARY KEY,                -- workflow/slot
    generation BIGINT NOT NULL UNIQUE REFERENCES generations (generation),
    workflow   TEXT NOT NULL,
    slot       TEXT NOT NULL,
    started    TEXT NOT NULL,
    until      TEXT NOT NULL,                   -- up to then nobody else delivers its messages
    finished   TEXT NOT NULL DEFAULT '',        -- '' while it owes messages
    result     TEXT NOT NULL,
    counts     TEXT NOT NULL,                   -- JSON object: name -> number
    guardrails TEXT NOT NULL,                   -- JSON array of verdicts
    seen       TEXT NOT NULL DEFAULT '{}',      -- JSON object: order that this run first found resolved, with no time noted -> when
    last_agent TEXT NOT NULL                    -- who got the last order; the next run deals on after them
);

-- The outbox: what a run has to tell people, committed together with its rows.
CREATE TABLE messages (
    run_id   TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
    position INTEGER NOT NULL,                  -- from 0, briefing first
    part     TEXT NOT NULL,                     -- briefing, agent/<e-mail>, alert
    kind     TEXT NOT NULL,
    hash     TEXT NOT NULL,                     -- of the body
    body     TEXT NOT NULL,                     -- JSON; emptied once delivered
    channel  TEXT NOT NULL DEFAULT '',          -- where it was posted
    ts       TEXT NOT NULL DEFAULT '',          -- the messenger's id for it; '' while owed
    note     TEXT NOT NULL DEFAULT '',          -- a doubt worth keeping
    PRIMARY KEY (run_id, position),
    UNIQUE (run_id, part)
);

CREATE INDEX owed_messages ON messages (run_id) WHERE ts = '';
