-- One row per account, with what its numbers are to be read with.
create or replace view mart.account as
select
    a.account_id,
    a.name,
    a.timezone,
    a.currency,
    a.country,
    a.is_simulated,
    s.as_of,
    s.synced_at
from klaviyo.account as a
cross join lateral (
    select
        max(run.as_of) as as_of,
        max(run.finished_at) as synced_at
    from ops.sync_run as run
    where run.account_id = a.account_id and run.status in ('succeeded', 'unproven')
) as s;

comment on view mart.account is 'One row per account: its time zone and currency, and up to when it is synced.';
comment on column mart.account.as_of is 'Klaviyo''s clock at the last sync that read all; null before the first.';
comment on column mart.account.synced_at is 'When that sync was finished, by this machine''s clock; null before the first.';
