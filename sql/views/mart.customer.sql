-- One row per profile that is known or has an order.
-- What it is like is read from klaviyo.profile, so that it is never older than the last sync; its
-- orders are kept in mart.buyer. Revenue is in the account's currency; mart.buyer_currency has all.
create or replace view mart.customer as
with money as (
    select
        b.account_id,
        b.profile_id,
        sum(b.count_orders) filter (where b.currency <> a.currency) as orders_other_currency,
        sum(b.revenue) filter (where b.currency = a.currency) as revenue,
        sum(b.net_revenue) filter (where b.currency = a.currency) as net_revenue,
        coalesce(
            bool_and(b.net_revenue is not null) filter (where b.currency = a.currency), true
        ) as is_net_known
    from mart.buyer_currency as b
    inner join klaviyo.account as a on b.account_id = a.account_id
    group by b.account_id, b.profile_id
)

select
    coalesce(p.account_id, b.account_id) as account_id,
    coalesce(p.profile_id, b.profile_id) as profile_id,
    p.country,
    p.region,
    p.created_at,
    p.deleted_at is not null as is_deleted,
    b.first_order_at,
    b.last_order_at,
    coalesce(b.count_orders, 0) as count_orders,
    coalesce(b.count_cancelled, 0) as count_cancelled,
    coalesce(b.count_refunded, 0) as count_refunded,
    b.days_between_orders,
    b.first_source,
    b.first_channel,
    a.currency,
    coalesce(m.revenue, 0) as revenue,
    case when coalesce(m.is_net_known, true) then coalesce(m.net_revenue, 0) end as net_revenue,
    coalesce(m.orders_other_currency, 0) as orders_other_currency
from klaviyo.profile as p
full join mart.buyer as b on p.account_id = b.account_id and p.profile_id = b.profile_id
inner join klaviyo.account as a on coalesce(p.account_id, b.account_id) = a.account_id
left join money as m on b.account_id = m.account_id and b.profile_id = m.profile_id;

comment on view mart.customer is 'One row per profile that is known or has an order; money in the account''s currency.';
comment on column mart.customer.is_deleted is 'Klaviyo no longer has the profile: merged into another, whose orders they are now, or deleted.';
comment on column mart.customer.count_orders is 'Orders of any currency, each once however often it is reported; cancelled ones count.';
comment on column mart.customer.revenue is 'Of the orders in the account''s currency, as placed.';
comment on column mart.customer.net_revenue is 'Less refunds and cancelled orders; null where the value of a refund is not known.';
comment on column mart.customer.orders_other_currency is 'Of count_orders, those whose money is not in revenue; see mart.buyer_currency.';
comment on column mart.customer.currency is 'The account''s.';
comment on column mart.customer.first_order_at is 'When the first order was placed; null without any.';
comment on column mart.customer.last_order_at is 'When the latest order was placed; null without any.';
