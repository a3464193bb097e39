-- Adds the account's days from its first one to a year after the last touched one, without a gap,
-- but at most from 30 years before the last sync to two years after it: an event may be dated in
-- any year, and every refresh would read a million days on which nothing happens. Of what lies
-- beyond, only the very days of events are added. Where the clock is turned back at midnight,
-- midnight comes twice: the day begins at the first of them. Days that are there and have not
-- changed stay.
with stale as (
    select
        min(day) as first_day,
        max(day) as last_day
    from stale_metric_day
),

span as (
    select
        greatest(
            least(stale.first_day, there.first_day), a.as_of::date - interval '30 years'
        ) as first_day,
        least(
            greatest(stale.last_day + 366, there.last_day), a.as_of::date + interval '2 years'
        ) as last_day
    from stale
    inner join mart.account as a on a.account_id = %(account_id)s
    cross join (
        select
            min(day) as first_day,
            max(day) as last_day
        from mart.dim_date
        where account_id = %(account_id)s
    ) as there
    where stale.first_day is not null
),

days as (
    select every.day
    from span
    cross join
        lateral generate_series(span.first_day, span.last_day, interval '1 day') as every (day)
    union
    select s.day::timestamp as day
    from stale_metric_day as s
    inner join span on s.day < span.first_day or s.day > span.last_day
)

insert into mart.dim_date (
    account_id, day, week_start, month_start, iso_week, weekday, starts_at, ends_at
)
select
    a.account_id,
    d.day::date as day,
    date_trunc('week', d.day)::date as week_start,
    date_trunc('month', d.day)::date as month_start,
    to_char(d.day, 'IYYY-"W"IW') as iso_week,
    extract(isodow from d.day)::integer as weekday,
    bounds.starts_at,
    bounds.ends_at
from klaviyo.account as a
cross join days as d
cross join
    lateral (
        select
            least(
                d.day at time zone a.timezone,
                (d.day - interval '1 microsecond') at time zone a.timezone
                + interval '1 microsecond'
            ) as starts_at,
            least(
                (d.day + interval '1 day') at time zone a.timezone,
                (d.day + interval '1 day' - interval '1 microsecond') at time zone a.timezone
                + interval '1 microsecond'
            ) as ends_at
    ) as bounds
where
    a.account_id = %(account_id)s
    and not exists (
        select 1
        from mart.dim_date as same
        where
            same.account_id = %(account_id)s
            and same.day = d.day::date
            and same.starts_at = bounds.starts_at
            and same.ends_at = bounds.ends_at
    )
-- the account has moved to another time zone, or the zone has changed its rules
on conflict (account_id, day) do update
    set
        starts_at = excluded.starts_at,
        ends_at = excluded.ends_at;
