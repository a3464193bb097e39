-- One row per sync of an account.
create table ops.sync_run (
    run_id text primary key,
    account_id text not null references klaviyo.account,
    status text not null check (status in ('running', 'succeeded', 'failed')),
    as_of timestamptz not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    requests integer not null default 0,
    rows_read bigint not null default 0,
    rows_new bigint not null default 0,
    rows_changed bigint not null default 0,
    error text
);

create index sync_run_latest on ops.sync_run (account_id, started_at desc);

comment on table ops.sync_run is 'One row per sync of an account.';
comment on column ops.sync_run.as_of is 'Klaviyo''s clock when the sync began: all that was visible before it has been read.';

-- One row per window of time of one stream: the unit of work, and of what a crash can cost.
create table ops.sync_window (
    account_id text not null references klaviyo.account,
    stream text not null,
    since_at timestamptz not null,
    until_at timestamptz not null,
    run_id text not null,
    status text not null check (status in ('planned', 'done')),
    rows_read bigint not null default 0,
    rows_new bigint not null default 0,
    rows_changed bigint not null default 0,
    finished_at timestamptz,
    check (since_at < until_at),
    primary key (account_id, stream, since_at, until_at, run_id)
);

create index sync_window_planned on ops.sync_window (account_id, stream) where status = 'planned';

comment on table ops.sync_window is 'One row per window [since_at, until_at) of one stream; done in the transaction that stores its rows.';

-- One row per (metric, account day, message) that a merge changed and no refresh has seen yet.
create table ops.touched (
    touched_id bigint generated always as identity primary key,
    account_id text not null,
    metric_id text not null,
    day date not null,
    message_ref text not null default ''
);

create index touched_by_account on ops.touched (account_id, touched_id);

comment on table ops.touched is 'What merges changed since the last refresh: append-only, emptied by the refresh that used it.';

-- One row per refresh of an account's facts.
create table ops.refresh (
    refresh_id bigint generated always as identity primary key,
    account_id text not null references klaviyo.account,
    as_of timestamptz,
    started_at timestamptz not null,
    finished_at timestamptz not null default clock_timestamp(),
    count_metric_days bigint not null,
    count_orders bigint not null,
    count_recipients bigint not null,
    count_message_days bigint not null
);

comment on table ops.refresh is 'One row per refresh of an account''s facts, with the rows it wrote.';

-- One row per notebook run.
create table ops.notebook_run (
    run_id text primary key,
    notebook text not null,
    status text not null check (status in ('running', 'succeeded', 'failed')),
    parameters jsonb not null,
    account_id text,
    data_as_of timestamptz,
    notebook_sha256 text not null,
    packages jsonb not null,
    run_dir text not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    failed_cell integer,
    error text
);

create index notebook_run_latest on ops.notebook_run (notebook, started_at desc);

comment on table ops.notebook_run is 'One row per notebook run: what ran, with which parameters, on which data, and how it ended.';
comment on column ops.notebook_run.run_dir is 'Relative to the runs directory.';
comment on column ops.notebook_run.data_as_of is 'as_of of the last finished sync when the run began.';
