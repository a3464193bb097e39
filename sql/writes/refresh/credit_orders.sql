-- Gives each order of a stale (message, profile) pair to the latest send at or before the one that
-- Klaviyo credits; an order before any send is given to none.
with credited as (
    select
        s.message_id,
        s.profile_id,
        s.sent_at,
        count(*) as count_orders,
        coalesce(sum(o.revenue) filter (where o.currency = a.currency), 0) as revenue
    from stale_recipient as p
    inner join mart.orders as o
        on
            o.account_id = %(account_id)s
            and p.message_id = o.message_id
            and p.profile_id = o.profile_id
    inner join klaviyo.account as a on o.account_id = a.account_id
    cross join
        lateral (
            select
                r.message_id,
                r.profile_id,
                r.sent_at
            from mart.message_recipient as r
            where
                r.account_id = %(account_id)s
                and r.message_id = o.message_id
                and r.profile_id = o.profile_id
                and r.sent_at <= coalesce(o.sent_at, o.placed_at)
            order by r.sent_at desc
            limit 1
        ) as s
    group by s.message_id, s.profile_id, s.sent_at
)

update mart.message_recipient as r
set
    count_orders = c.count_orders,
    revenue = c.revenue
from credited as c
where
    r.account_id = %(account_id)s
    and r.message_id = c.message_id
    and r.profile_id = c.profile_id
    and r.sent_at = c.sent_at;
