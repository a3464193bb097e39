-- What a message earned is what its recipients ordered.
-- One row per message and day of its send on which mart.message_performance and
-- mart.message_recipient differ.
-- Mend: workbench refresh --full
with by_recipient as (
    select
        account_id,
        message_id,
        sent_on,
        sum(count_orders) as conversions,
        sum(revenue) as revenue,
        sum(count_opens) as opens
    from mart.message_recipient
    group by account_id, message_id, sent_on
)

select
    coalesce(p.account_id, r.account_id) as account_id,
    coalesce(p.message_id, r.message_id) as message_id,
    coalesce(p.sent_on, r.sent_on) as sent_on,
    p.conversions,
    r.conversions as recipient_conversions
from mart.message_performance as p
full join by_recipient as r
    on p.account_id = r.account_id and p.message_id = r.message_id and p.sent_on = r.sent_on
where
    p.conversions is distinct from r.conversions
    or p.revenue is distinct from r.revenue
    or p.opens is distinct from r.opens;
