-- One row per account, with what its numbers are to be read with.
--   as_of  Klaviyo's clock at the last sync that read all; null before the first
create or replace view mart.account as
select
    a.account_id,
    a.name,
    a.timezone,
    a.currency,
    a.country,
    a.is_simulated,
    (
        select max(s.as_of)
        from ops.sync_run as s
        where s.account_id = a.account_id and s.status in ('succeeded', 'unproven')
    ) as as_of
from klaviyo.account as a;

comment on view mart.account is 'One row per account: its time zone and currency, and up to when it is synced.';
comment on column mart.account.as_of is 'Klaviyo''s clock at the last sync that read all; null before the first.';
