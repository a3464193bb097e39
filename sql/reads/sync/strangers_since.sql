-- One row per profile that an event since an instant names and that is not known. Each metric is
-- walked apart, along the event key: for weeks, not for years.
--   %(account_id)s  of the account
--   %(since)s       first instant looked at
with metrics as (
    select metric_id
    from klaviyo.metric
    where account_id = %(account_id)s
    union all
    select '' as metric_id  -- of events whose metric is not known
),

named as (
    select distinct e.profile_id
    from metrics as m
    cross join
        lateral (
            select distinct said.profile_id
            from klaviyo.event as said
            where
                said.account_id = %(account_id)s
                and said.metric_id = m.metric_id
                and said.occurred_at >= %(since)s
                and said.profile_id is not null
        ) as e
)

select n.profile_id
from named as n
left join klaviyo.profile as p
    on p.account_id = %(account_id)s and n.profile_id = p.profile_id
where p.profile_id is null
order by n.profile_id;
