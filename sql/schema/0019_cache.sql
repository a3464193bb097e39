-- One row per table and transaction that changed it. Rows are only ever added by the transaction
-- they tell of, so that writers never wait for each other; old ones are added up below.
create table ops.data_change (
    relation text not null,
    transaction_id xid8 not null default pg_current_xact_id(),
    changed_at timestamptz not null default now(),
    primary key (relation, transaction_id, changed_at)
);

comment on table ops.data_change is 'One row per table and transaction that changed it lately; how many there are tells what a cached result was made from.';
comment on column ops.data_change.relation is 'The table, with its schema.';
comment on column ops.data_change.transaction_id is 'Of this server; another server may use it again.';
comment on column ops.data_change.changed_at is 'When that transaction began, by the database''s clock.';

-- One row per table: the changes that are no longer kept singly.
create table ops.data_change_total (
    relation text primary key,
    count_changes bigint not null check (count_changes > 0),
    last_at timestamptz not null
);

comment on table ops.data_change_total is 'One row per table: how many of its changes are no longer in ops.data_change.';
comment on column ops.data_change_total.relation is 'The table, with its schema.';
comment on column ops.data_change_total.count_changes is 'Transactions that changed it.';
comment on column ops.data_change_total.last_at is 'When the last of them began.';

-- One row per result: what a statement said, and of which data. A crash may empty it.
create unlogged table ops.result_cache (
    read_by name not null default current_user,
    digest text not null,
    data_version text not null,
    statement text not null,
    result bytea not null,
    kept_at timestamptz not null default clock_timestamp(),
    primary key (read_by, digest)
);

-- compressed already
alter table ops.result_cache alter column result set storage external;

comment on table ops.result_cache is 'One row per result that is kept: used again while the tables behind it are as they were.';
comment on column ops.result_cache.read_by is 'The role that read it: another one may see other rows.';
comment on column ops.result_cache.digest is 'Of the text of the statement and its parameters.';
comment on column ops.result_cache.data_version is 'Number of changes of the tables behind the statement, and when the last of them began.';
comment on column ops.result_cache.statement is 'Its name below sql/.';
comment on column ops.result_cache.result is 'The rows as an Arrow file, compressed.';
comment on column ops.result_cache.kept_at is 'When it was kept.';

-- One row per day and statement: where its results came from.
create table ops.cache_use (
    day date not null default (now() at time zone 'UTC')::date,
    statement text not null,
    source text not null check (source in ('memory', 'database', 'computed', 'failed')),
    count_reads bigint not null check (count_reads > 0),
    primary key (day, statement, source)
);

comment on table ops.cache_use is 'One row per day (UTC), statement and source of its results: how often it was read.';
comment on column ops.cache_use.statement is 'Its name below sql/.';
comment on column ops.cache_use.source is 'memory of the process, database (ops.result_cache), computed from the tables, or failed: computed because the cache could not be used.';
comment on column ops.cache_use.count_reads is 'Reads; those from memory are written down with the next that is not.';
