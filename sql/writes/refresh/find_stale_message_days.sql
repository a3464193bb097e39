-- Notes the messages and days to look at; a message that no campaign or flow knows goes under the
-- name that its events give it, so that nothing is lost.
insert into stale_message_day (metric_id, day, message_ref, message_id)
select distinct
    t.metric_id,
    t.day,
    t.message_ref,
    coalesce(m.message_id, t.message_ref) as message_id
from touched_now as t
left join mart.metric_role as r on r.account_id = %(account_id)s and t.metric_id = r.metric_id
left join former_role as f on t.metric_id = f.metric_id
left join mart.known_message as m
    on m.account_id = %(account_id)s and t.message_ref = m.message_ref
where
    t.message_ref <> ''
    and (r.channel is not null or f.channel is not null);
