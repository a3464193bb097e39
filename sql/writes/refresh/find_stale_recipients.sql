-- Notes the (message, profile) pairs that have an event on a touched day of the message.
insert into stale_recipient (message_id, profile_id)
select
    s.message_id,
    e.profile_id
from stale_message_day as s
inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
cross join lateral (
    select distinct said.profile_id
    from klaviyo.event as said
    where
        said.account_id = %(account_id)s
        and said.metric_id = s.metric_id
        and said.message_ref = s.message_ref
        and said.occurred_at >= d.starts_at
        and said.occurred_at < d.ends_at
        and said.profile_id is not null
) as e
on conflict do nothing;
