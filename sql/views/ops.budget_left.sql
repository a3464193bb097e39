-- One row per endpoint with a daily quota: what is left of the day.
create or replace view ops.budget_left as
with latest as (
    select distinct on (account_id, endpoint)
        account_id,
        endpoint,
        day,
        calls,
        allowed,
        refused_until
    from ops.rate_budget
    order by account_id asc, endpoint asc, day desc
)

select
    account_id,
    endpoint,
    day,
    case
        -- nothing was asked since that day was over
        when day < (now() at time zone 'UTC')::date then allowed
        when refused_until > now() then 0
        else greatest(allowed - calls, 0)
    end as calls_left,
    allowed,
    refused_until
from latest;

comment on view ops.budget_left is 'One row per endpoint with a daily quota: the requests that are left of the day.';
comment on column ops.budget_left.day is 'UTC day on which it was last asked, by Klaviyo''s clock.';
comment on column ops.budget_left.calls_left is 'Requests that may still be made today; all of them once that day is over.';
