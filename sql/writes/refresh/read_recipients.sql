-- Finds all (message, profile) pairs of which there are events: where most days are stale, that is
-- one look through the copied events, and all events of a pair are looked at.
-- Where a metric is no longer one of messages, the pairs written before are looked at too: their
-- events tell nothing now.
insert into found_recipient (message_id, profile_id, since_at)
select distinct
    coalesce(m.message_id, e.message_ref) as message_id,
    e.profile_id,
    '-infinity'::timestamptz as since_at
from refresh_event as e
inner join mart.metric_role as r
    on e.account_id = r.account_id and e.metric_id = r.metric_id and r.channel is not null
left join mart.known_message as m
    on e.account_id = m.account_id and e.message_ref = m.message_ref
where
    e.message_ref is not null
    and e.profile_id is not null
union
select
    message_id,
    profile_id,
    '-infinity'::timestamptz as since_at
from mart.message_recipient
where
    account_id = %(account_id)s
    and exists (
        select 1
        from former_role
        where channel is not null
    );
