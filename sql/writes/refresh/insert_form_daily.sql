-- One row per version of a form and stale account day, by event date.
insert into mart.form_daily (
    account_id,
    form_id,
    form_version_id,
    day,
    count_views,
    count_anonymous_views,
    count_submits,
    count_anonymous_submits,
    count_closes,
    unique_viewers,
    unique_submitters,
    unique_closers
)
with days as (
    select distinct s.day
    from stale_metric_day as s
    left join former_role as f on s.metric_id = f.metric_id
    where
        s.role in ('viewed_form', 'submitted_form', 'closed_form')
        or f.role in ('viewed_form', 'submitted_form', 'closed_form')
),

by_profile as (
    select
        s.day,
        said.form_id,
        said.form_version_id,
        said.profile_id,
        sum(said.count_events) filter (where r.role = 'viewed_form') as views,
        sum(said.count_events) filter (where r.role = 'submitted_form') as submits,
        sum(said.count_events) filter (where r.role = 'closed_form') as closes
    from days as s
    inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
    inner join mart.metric_role as r
        on
            d.account_id = r.account_id
            and r.role in ('viewed_form', 'submitted_form', 'closed_form')
    cross join
        lateral (
            select
                e.profile_id,
                coalesce(e.form_id, '') as form_id,
                coalesce(e.form_version_id, '') as form_version_id,
                count(*) as count_events
            from refresh_event as e
            where
                e.account_id = %(account_id)s
                and e.metric_id = r.metric_id
                and e.occurred_at >= d.starts_at
                and e.occurred_at < d.ends_at
            group by
                e.profile_id,
                coalesce(e.form_id, ''),
                coalesce(e.form_version_id, '')
        ) as said
    group by s.day, said.form_id, said.form_version_id, said.profile_id
)

select
    %(account_id)s,
    form_id,
    form_version_id,
    day,
    coalesce(sum(views), 0) as count_views,
    coalesce(sum(views) filter (where profile_id is null), 0) as count_anonymous_views,
    coalesce(sum(submits), 0) as count_submits,
    coalesce(sum(submits) filter (where profile_id is null), 0) as count_anonymous_submits,
    coalesce(sum(closes), 0) as count_closes,
    count(profile_id) filter (where views > 0) as unique_viewers,
    count(profile_id) filter (where submits > 0) as unique_submitters,
    count(profile_id) filter (where closes > 0) as unique_closers
from by_profile
group by form_id, form_version_id, day;
