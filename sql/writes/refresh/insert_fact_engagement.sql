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
),

by_profile as (
    select
        s.day,
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
    from days as s
    inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
    inner join mart.metric_role as r on d.account_id = r.account_id and r.channel is not null
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
    group by s.day, r.channel, said.source, said.profile_id
)

select
    %(account_id)s,
    day,
    channel,
    source,
    coalesce(sum(received), 0) as received,
    coalesce(sum(opens), 0) as opens,
    coalesce(sum(human_opens), 0) as human_opens,
    coalesce(sum(clicks), 0) as clicks,
    coalesce(sum(human_clicks), 0) as human_clicks,
    coalesce(sum(bounces), 0) as bounces,
    coalesce(sum(unsubscribes), 0) as unsubscribes,
    coalesce(sum(spam_complaints), 0) as spam_complaints,
    count(profile_id) filter (where received > 0) as unique_received,
    count(profile_id) filter (where opens > 0) as unique_opens,
    count(profile_id) filter (where human_opens > 0) as unique_human_opens,
    count(profile_id) filter (where clicks > 0) as unique_clicks,
    count(profile_id) filter (where human_clicks > 0) as unique_human_clicks,
    count(profile_id) filter (where bounces > 0) as unique_bounces,
    count(profile_id) filter (where unsubscribes > 0) as unique_unsubscribes,
    count(profile_id) filter (where spam_complaints > 0) as unique_spam_complaints
from by_profile
group by day, channel, source;
