-- Finds the (message, profile) pairs that had an event before it moved to another profile or went;
-- that have the credit of an order on a stale day: now or before; and those kept
-- under another message than now.
insert into found_recipient (message_id, profile_id, since_at)
select
    s.message_id,
    t.profile_id,
    null::timestamptz as since_at
from touched_now as t
inner join stale_message_day as s
    on
        t.metric_id = s.metric_id
        and t.day = s.day
        and t.message_ref = s.message_ref
where t.profile_id <> ''
union all
select
    message_id,
    profile_id,
    null::timestamptz as since_at
from stale_buyer
where message_id is not null
union all
-- removed under the one, written anew under the other
select
    both_of.message_id,
    r.profile_id,
    least(
        r.received_at,
        r.opened_at,
        r.clicked_at,
        r.bounced_at,
        r.unsubscribed_at,
        r.marked_spam_at
    ) as since_at
from stale_message as s
inner join mart.message_recipient as r
    on
        r.account_id = %(account_id)s
        and s.was_message_id = r.message_id
cross join
    lateral (
        values (s.was_message_id), (coalesce(s.message_id, s.message_ref))
    ) as both_of (message_id)
where s.was_message_id <> coalesce(s.message_id, s.message_ref);
