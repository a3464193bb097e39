-- One row per metric and UTC day on which either side knows an event.
create table ops.proof (
    account_id text not null references klaviyo.account,
    metric_id text not null,
    day date not null,
    our_count bigint not null,
    their_count bigint,
    our_values jsonb not null default '{}',
    their_values jsonb,
    status text not null check (status in ('proven', 'repaired', 'explained', 'differs')),
    reason text not null default '',
    count_found bigint not null default 0,
    count_gone bigint not null default 0,
    proven_at timestamptz not null,
    run_id text not null,
    primary key (account_id, metric_id, day)
);

create index proof_open on ops.proof (account_id, day) where status in ('explained', 'differs');

comment on table ops.proof is 'One row per metric and UTC day on which either side knows an event: our count and sums beside Klaviyo''s.';
comment on column ops.proof.day is 'UTC; the day of proven_at counts up to that instant only.';
comment on column ops.proof.their_count is 'As metric-aggregates counts; null where Klaviyo cannot be asked.';
comment on column ops.proof.our_values is 'Sum of the values by currency; empty where there is none.';
comment on column ops.proof.status is 'proven: equal; repaired: equal since it was read again; explained: not equal, and the reason is known and needs nothing done; differs: not equal.';
comment on column ops.proof.count_found is 'Events that reading the day again has brought, over all syncs.';
comment on column ops.proof.count_gone is 'Events that Klaviyo no longer had, over all syncs; they are kept in klaviyo.event_version.';
comment on column ops.proof.proven_at is 'Klaviyo''s clock at the sync that last counted the day on both sides.';

-- One row per span of time that a sync compared for every metric.
create table ops.proof_pass (
    account_id text not null references klaviyo.account,
    run_id text not null,
    since_at timestamptz not null,
    until_at timestamptz not null,
    as_of timestamptz not null,
    check (since_at < until_at),
    primary key (account_id, run_id, since_at)
);

comment on table ops.proof_pass is 'One row per span [since_at, until_at) of UTC days that a sync compared with Klaviyo''s aggregates for every metric.';

-- One row per sync that read far back again.
create table ops.deep_pass (
    account_id text not null references klaviyo.account,
    run_id text not null,
    days integer not null,
    as_of timestamptz not null,
    primary key (account_id, run_id)
);

comment on table ops.deep_pass is 'One row per sync that read 30 days or more of events again, or all there were.';
comment on column ops.deep_pass.days is 'How far back it read; the whole history counts as 90 at least.';

-- One row per metric, sync and days of lateness.
create table ops.lateness (
    account_id text not null references klaviyo.account,
    metric_id text not null,
    run_id text not null,
    days integer not null,
    count_events bigint not null,
    longest interval not null,
    as_of timestamptz not null,
    primary key (account_id, metric_id, run_id, days)
);

comment on table ops.lateness is 'One row per metric, sync and days of lateness: events first seen by a sync although an earlier one had read their time.';
comment on column ops.lateness.days is 'The shortest tail, counted back from the sync before, that holds these events.';
comment on column ops.lateness.longest is 'From when it happened to when it was first seen, on Klaviyo''s clock: its lateness at most.';

-- One row per alert.
create table ops.alert (
    alert_id bigint generated always as identity primary key,
    account_id text not null references klaviyo.account,
    kind text not null,
    subject text not null,
    message text not null,
    details jsonb not null default '{}',
    raised_at timestamptz not null,
    repeated_at timestamptz not null,
    resolved_at timestamptz
);

create unique index alert_open on ops.alert (account_id, kind, subject) where resolved_at is null;

comment on table ops.alert is 'One row per alert: what a person should look at, until it is resolved.';
comment on column ops.alert.kind is 'Such as late_arrival or differs; each open at most once for a subject.';
comment on column ops.alert.subject is 'What it is about: the id of a metric, or of whatever the kind says.';
comment on column ops.alert.repeated_at is 'When it was last found to be so.';

alter table ops.sync_run drop constraint sync_run_status_check;
alter table ops.sync_run
add constraint sync_run_status_check
check (status in ('running', 'succeeded', 'unproven', 'failed'));
alter table ops.sync_run
add column days_proven bigint,
add column days_repaired bigint,
add column days_explained bigint,
add column days_differing bigint;

comment on column ops.sync_run.status is 'unproven: all was read, but Klaviyo counts something else; see ops.proof.';
comment on column ops.sync_run.days_proven is 'Metric-days equal to Klaviyo''s aggregates; null where nothing was compared.';
comment on column ops.sync_run.days_repaired is 'Metric-days that were equal only after they had been read again.';
comment on column ops.sync_run.days_explained is 'Metric-days that are not equal for a known reason.';
comment on column ops.sync_run.days_differing is 'Metric-days that are not equal.';
