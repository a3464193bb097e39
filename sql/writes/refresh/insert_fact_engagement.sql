-- One row per stale account day, channel and source of the messages, by event date.
-- An event tells itself whether it is of a flow or of a campaign, so that a message which becomes
-- known later changes nothing.
insert into mart.fact_engagement (
    account_id,
    day,
    channel,
    source,
    received,
    opens,
    human_opens,
    clicks,
    human_clicks,
    bounces,
    unsubscribes,
    spam_complaints,
    unique_received,
    unique_opens,
    unique_human_opens,
    unique_clicks,
    unique_human_clicks,
    unique_bounces,
    unique_unsubscribes,
    unique_spam_complaints
)
with days as (
    select distinct s.day
    from stale_metric_day as s
    left join mart.metric_role as r on r.account_id = %(account_id)s and s.metric_id = r.metric_id
    left join former_role as f on s.metric_id = f.metric_id
    where r.channel is not null or f.channel is not null
)

select
    d.account_id,
    s.day,
    counted.channel,
    counted.source,
    counted.received,
    counted.opens,
    counted.human_opens,
    counted.clicks,
    counted.human_clicks,
    counted.bounces,
    counted.unsubscribes,
    counted.spam_complaints,
    counted.unique_received,
    counted.unique_opens,
    counted.unique_human_opens,
    counted.unique_clicks,
    counted.unique_human_clicks,
    counted.unique_bounces,
    counted.unique_unsubscribes,
    counted.unique_spam_complaints
from days as s
inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
-- a day at a time, which fits into memory; all days of a history together do not
cross join lateral (
    select
        told.channel,
        told.source,
        coalesce(sum(told.received), 0) as received,
        coalesce(sum(told.opens), 0) as opens,
        coalesce(sum(told.human_opens), 0) as human_opens,
        coalesce(sum(told.clicks), 0) as clicks,
        coalesce(sum(told.human_clicks), 0) as human_clicks,
        coalesce(sum(told.bounces), 0) as bounces,
        coalesce(sum(told.unsubscribes), 0) as unsubscribes,
        coalesce(sum(told.spam_complaints), 0) as spam_complaints,
        count(told.profile_id) filter (where told.received > 0) as unique_received,
        count(told.profile_id) filter (where told.opens > 0) as unique_opens,
        count(told.profile_id) filter (where told.human_opens > 0) as unique_human_opens,
        count(told.profile_id) filter (where told.clicks > 0) as unique_clicks,
        count(told.profile_id) filter (where told.human_clicks > 0) as unique_human_clicks,
        count(told.profile_id) filter (where told.bounces > 0) as unique_bounces,
        count(told.profile_id) filter (where told.unsubscribes > 0) as unique_unsubscribes,
        count(told.profile_id) filter (where told.spam_complaints > 0) as unique_spam_complaints
    from (
        select
            r.channel,
            said.source,
            said.profile_id,
            sum(said.count_events) filter (where r.role = 'received') as received,
            sum(said.count_events) filter (where r.role = 'opened') as opens,
            sum(said.count_human) filter (where r.role = 'opened') as human_opens,
            sum(said.count_events) filter (where r.role = 'clicked') as clicks,
            sum(said.count_human) filter (where r.role = 'clicked') as human_clicks,
            sum(said.count_events) filter (where r.role = 'bounced') as bounces,
            sum(said.count_events) filter (where r.role = 'unsubscribed') as unsubscribes,
            sum(said.count_events) filter (where r.role = 'marked_spam') as spam_complaints
        from mart.metric_role as r
        cross join
            lateral (
                select
                    e.profile_id,
                    case
                        when e.flow_id is not null then 'flow'
                        when e.message_ref is not null then 'campaign'
                        else 'none'
                    end as source,
                    count(*) as count_events,
                    count(*) filter (
                        where e.is_machine_open is not true and e.is_bot_click is not true
                    ) as count_human
                from refresh_event as e
                where
                    e.account_id = %(account_id)s
                    and e.metric_id = r.metric_id
                    and e.occurred_at >= d.starts_at
                    and e.occurred_at < d.ends_at
                group by e.profile_id, source
            ) as said
        where r.account_id = %(account_id)s and r.channel is not null
        group by r.channel, said.source, said.profile_id
    ) as told
    group by told.channel, told.source
) as counted;
