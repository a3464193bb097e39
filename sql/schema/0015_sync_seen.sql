-- One row per stream of a sync that has come to its end.
create table ops.sync_stream (
    run_id text not null references ops.sync_run,
    account_id text not null references klaviyo.account,
    stream text not null,
    status text not null check (status in ('done', 'left out', 'later', 'failed')),
    rows_read bigint not null,
    rows_new bigint not null,
    rows_changed bigint not null,
    requests integer not null,
    requests_refused integer not null,
    seconds double precision not null,
    reason text,
    finished_at timestamptz not null default clock_timestamp(),
    primary key (run_id, stream)
);

create index sync_stream_latest on ops.sync_stream (account_id, stream, finished_at desc);

comment on table ops.sync_stream is 'One row per stream of a sync that has come to its end.';
comment on column ops.sync_stream.status is 'done; left out: the key lacks a scope; later: a daily quota is used up; failed: Klaviyo did not serve it.';
comment on column ops.sync_stream.requests_refused is 'Of its requests, those that Klaviyo answered with 429.';

-- One row per HTTP request to Klaviyo, kept for 30 days.
create table ops.request (
    request_id bigint generated always as identity primary key,
    account_id text not null references klaviyo.account,
    run_id text not null,
    stream text not null,
    at timestamptz not null,
    method text not null,
    endpoint text not null,
    status integer,
    milliseconds double precision not null,
    attempt integer not null,
    waited_seconds double precision not null,
    remaining integer,
    allowed integer
);

create index request_by_time on ops.request (account_id, at);

comment on table ops.request is 'One row per HTTP request to Klaviyo, kept for 30 days; never a key, an id or a query.';
comment on column ops.request.stream is 'The stream that asked; empty for requests about the account itself.';
comment on column ops.request.endpoint is 'The path with {id} in place of ids.';
comment on column ops.request.status is 'Of the answer; null when there was none.';
comment on column ops.request.waited_seconds is 'How long it was held back before it was sent, for the limit or after a failure.';
comment on column ops.request.remaining is 'Requests that Klaviyo says are left in the window; null when it did not say.';
comment on column ops.request.allowed is 'Requests that Klaviyo says a window holds; null when it did not say.';
