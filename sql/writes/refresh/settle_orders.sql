-- Gives the orders that were written anew, or about which an event came, went or changed, what all
-- events with their number say: whether they were reported before, cancelled, refunded.
-- An event is about the order when it has its number and comes from its integration, or is of the
-- same profile: two integrations may both have an order 1001.
with numbered as (
    select order_number
    from stale_order_number
    union
    select o.order_number
    from stale_order_day as s
    inner join mart.orders as o on o.account_id = %(account_id)s and s.day = o.day
    where o.order_number is not null
),

heard as (
    select
        o.day,
        o.order_id,
        o.revenue,
        told.*
    from numbered as n
    inner join mart.orders as o
        on o.account_id = %(account_id)s and n.order_number = o.order_number
    left join klaviyo.metric as m on o.account_id = m.account_id and o.metric_id = m.metric_id
    cross join lateral (
        select
            (
                array_agg(e.event_id order by e.occurred_at, e.event_id) filter (
                    where e.is_revenue and (e.occurred_at, e.event_id) < (o.placed_at, o.order_id)
                )
            )[1] as duplicate_of,
            count(*) filter (where e.kind = 'placed') as count_reports,
            min(e.occurred_at) filter (where e.kind = 'fulfilled') as fulfilled_at,
            min(e.occurred_at) filter (where e.kind = 'cancelled') as cancelled_at,
            min(e.occurred_at) filter (where e.kind = 'refunded') as refunded_at,
            case
                when
                    bool_and(e.value is not null and e.currency = o.currency) filter (
                        where e.kind = 'refunded' and e.is_counted
                    )
                    then sum(e.value) filter (where e.kind = 'refunded' and e.is_counted)
            end as refunded_value
        from (
            select
                same.*,
                -- a refund that two integrations report is one: the order's own is taken
                same.is_own or not bool_or(same.is_own) over (partition by same.kind) as is_counted
            from (
                select
                    said.*,
                    coalesce(of_said.integration_name, '')
                    = coalesce(m.integration_name, '') as is_own
                from mart.order_event as said
                left join klaviyo.metric as of_said
                    on
                        said.account_id = of_said.account_id
                        and said.metric_id = of_said.metric_id
                where
                    said.account_id = %(account_id)s
                    and said.order_number = o.order_number
            ) as same
            where same.is_own or same.profile_id = o.profile_id
        ) as e
    ) as told
),

settled as (
    select
        day,
        order_id,
        duplicate_of,
        count_reports,
        case when duplicate_of is null then fulfilled_at end as fulfilled_at,
        case when duplicate_of is null then cancelled_at end as cancelled_at,
        case when duplicate_of is null then refunded_at end as refunded_at,
        case when duplicate_of is null then refunded_value end as refunded_value,
        case
            when duplicate_of is not null or cancelled_at is not null then 0
            when refunded_at is null then revenue
            else revenue - refunded_value
        end as net_revenue
    from heard
),

changed as (
    update mart.orders as o
    set
        duplicate_of = s.duplicate_of,
        count_reports = s.count_reports,
        fulfilled_at = s.fulfilled_at,
        cancelled_at = s.cancelled_at,
        refunded_at = s.refunded_at,
        refunded_value = s.refunded_value,
        net_revenue = s.net_revenue
    from settled as s
    where
        o.account_id = %(account_id)s
        and o.day = s.day
        and o.order_id = s.order_id
        and (
            o.duplicate_of,
            o.count_reports,
            o.fulfilled_at,
            o.cancelled_at,
            o.refunded_at,
            o.refunded_value,
            o.net_revenue
        ) is distinct from (
            s.duplicate_of,
            s.count_reports,
            s.fulfilled_at,
            s.cancelled_at,
            s.refunded_at,
            s.refunded_value,
            s.net_revenue
        )
    returning o.profile_id
)

insert into stale_buyer (profile_id)
select distinct profile_id
from changed
where profile_id is not null;
