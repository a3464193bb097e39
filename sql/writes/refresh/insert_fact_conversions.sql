-- One row per stale (metric, account day), attribution source, channel, message and currency, of
-- every metric but those of messages themselves. An event with several attributions is credited to
-- the first, so that the rows of a day add up to mart.metric_daily.
insert into mart.fact_conversions (
    account_id,
    metric_id,
    day,
    source,
    channel,
    message_id,
    currency,
    count_events,
    unique_profiles,
    sum_value
)
select
    d.account_id,
    s.metric_id,
    s.day,
    counted.source,
    counted.channel,
    counted.message_id,
    counted.currency,
    counted.count_events,
    counted.unique_profiles,
    counted.sum_value
from stale_conversion_day as s
inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
left join mart.metric_role as r on d.account_id = r.account_id and s.metric_id = r.metric_id
cross join
    lateral (
        select
            e.source,
            e.channel,
            e.message_id,
            e.currency,
            count(*) as count_events,
            count(distinct e.profile_id) as unique_profiles,
            sum(e.value) as sum_value
        from (
            select
                credit.source,
                coalesce(m.channel, '') as channel,
                coalesce(m.message_id, credit.message_ref, '') as message_id,
                coalesce(said.currency, '') as currency,
                said.profile_id,
                said.value
            from refresh_event as said
            cross join lateral mart.first_credit(said.attributions) as credit
            -- looked up one by one, because few events are credited
            left join lateral (
                select
                    k.message_id,
                    k.channel
                from mart.known_message as k
                where
                    k.account_id = %(account_id)s
                    and k.message_ref = credit.message_ref
                order by k.message_ref
                limit 1
            ) as m on true
            where
                said.account_id = %(account_id)s
                and said.metric_id = s.metric_id
                and said.occurred_at >= d.starts_at
                and said.occurred_at < d.ends_at
        ) as e
        group by e.source, e.channel, e.message_id, e.currency
    ) as counted
where r.channel is null;
