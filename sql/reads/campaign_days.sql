-- One row per account day on which campaigns were sent, or are scheduled to be.
--   %(timezone)s  the account's
--   %(first)s, %(last)s  account days, both included
with sends as (
    select (coalesce(c.sent_at, c.scheduled_at) at time zone %(timezone)s)::date as day
    from klaviyo.campaign as c
    where
        c.account_id = %(account_id)s
        and c.deleted_at is null
        and c.status not ilike 'cancel%%'
        and c.status <> 'Draft'
)

select
    s.day as ds,
    count(*) as campaigns
from sends as s
where s.day between %(first)s and %(last)s
group by s.day
order by s.day;
