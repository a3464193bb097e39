-- Notes each (message, profile) pair that was found, once.
-- since_at: all events of a pair are on days that are touched now, or were there when its sends
-- were written last and are not before the first of those; so older history is not looked through.
insert into stale_recipient (message_id, profile_id, since_at)
select
    p.message_id,
    p.profile_id,
    coalesce(least(p.since_at, written.since_at), 'infinity') as since_at
from (
    select
        message_id,
        profile_id,
        min(since_at) as since_at
    from found_recipient
    group by message_id, profile_id
) as p
cross join
    lateral (
        select
            min(
                least(
                    r.received_at,
                    r.opened_at,
                    r.clicked_at,
                    r.bounced_at,
                    r.unsubscribed_at,
                    r.marked_spam_at
                )
            ) as since_at
        from mart.message_recipient as r
        where
            r.account_id = %(account_id)s
            and r.message_id = p.message_id
            and r.profile_id = p.profile_id
            and p.since_at is distinct from '-infinity'  -- nothing is before that
    ) as written;
