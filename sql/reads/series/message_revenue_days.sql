-- One row per flow, or campaign, and account day with an order: money in the account's currency.
-- Orders that Klaviyo credits to none are the member none, so that the members add up to the total.
--   %(dimension)s  flow or campaign
--   %(currency)s  the account's
--   %(first)s, %(last)s  account days, both included
select
    coalesce(case %(dimension)s when 'flow' then o.flow_id else o.campaign_id end, 'none')
        as member,
    o.day as ds,
    coalesce(sum(o.revenue), 0) as revenue,
    count(*) as orders,
    coalesce(sum(o.revenue) filter (where o.source <> 'none'), 0) as attributed_revenue
from mart.orders as o
where
    o.account_id = %(account_id)s
    and o.currency = %(currency)s
    and o.day between %(first)s and %(last)s
group by member, o.day
order by member, o.day;
