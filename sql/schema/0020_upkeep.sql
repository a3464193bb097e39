-- What the upkeep of the database did, and what it has let go.

-- One row per metric of which events were deleted for their age.
create table ops.retention (
    account_id text not null references klaviyo.account,
    metric_id text not null,
    event_class text not null check (event_class in ('engagement', 'browsing')),
    kept_from timestamptz not null,
    kept_from_on date not null,
    primary key (account_id, metric_id)
);

comment on table ops.retention is 'One row per metric of which events were deleted for their age; facts made of these events stay as they are.';
comment on column ops.retention.event_class is 'Class of metrics that its events went with, as workbench.toml names it.';
comment on column ops.retention.kept_from is 'Beginning of the first account day whose events are all kept. Of earlier ones only those with an attribution, and those that an order is credited to.';
comment on column ops.retention.kept_from_on is 'That account day: facts of earlier days are never written anew.';

-- One row per task of an upkeep that changed, or wanted to change, the database.
create table ops.maintenance (
    maintenance_id bigint generated always as identity primary key,
    task text not null,
    subject text not null,
    status text not null check (status in ('running', 'done', 'skipped', 'failed')),
    count_rows bigint,
    told text not null default '',
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);

create index maintenance_latest on ops.maintenance (task, subject, started_at desc);

comment on table ops.maintenance is 'One row per task of an upkeep of the database and what it was done to.';
comment on column ops.maintenance.task is 'retention, logs, leftovers, chunks, compression or vacuum.';
comment on column ops.maintenance.subject is 'What it was done to: a table, or an account and a metric.';
comment on column ops.maintenance.status is 'skipped: something else was at work; running: it is at work, or was killed.';
comment on column ops.maintenance.count_rows is 'Rows deleted or mended; null of tasks that have none.';
comment on column ops.maintenance.told is 'What was done, or why not, in a sentence.';
