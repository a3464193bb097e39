-- Notes the (message, profile) pairs that have an event on a touched day of the message, or had one
-- before it moved to another profile or went; that have the credit of an order on a stale day: the
-- credit of now, or the one of before; and that were kept under another message than now.
-- A metric's day is walked once along the event key, however many messages it touches.
-- since_at: all events of a pair are on days that are touched now, or were there when its sends
-- were written last and are not before the first of those; so older history is not looked through.
with walked as (
    select distinct
        s.metric_id,
        s.day,
        d.starts_at,
        d.ends_at
    from stale_message_day as s
    inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
),

named as (
    select
        s.message_id,
        e.profile_id,
        w.starts_at as since_at
    from walked as w
    cross join
        lateral (
            select distinct
                said.message_ref,
                said.profile_id
            from refresh_event as said
            where
                said.account_id = %(account_id)s
                and said.metric_id = w.metric_id
                and said.occurred_at >= w.starts_at
                and said.occurred_at < w.ends_at
                and said.profile_id is not null
        ) as e
    inner join stale_message_day as s
        on
            w.metric_id = s.metric_id
            and w.day = s.day
            and e.message_ref = s.message_ref
    union all
    select
        s.message_id,
        t.profile_id,
        null as since_at
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
        null as since_at
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
    where s.was_message_id <> coalesce(s.message_id, s.message_ref)
),

pairs as (
    select
        message_id,
        profile_id,
        min(since_at) as since_at
    from named
    group by message_id, profile_id
)

insert into stale_recipient (message_id, profile_id, since_at)
select
    p.message_id,
    p.profile_id,
    coalesce(least(p.since_at, written.since_at), 'infinity') as since_at
from pairs as p
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
    ) as written;
