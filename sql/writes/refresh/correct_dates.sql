-- Corrects the account's days where they begin at another instant than its time zone says: it has
-- moved to another one, or the zone has changed its rules. Midnights that come twice are met as in
-- extend_dates.
-- A row means that the facts are not of the account as it is now: they were made of other days, or
-- the revenue of its sends was summed in another currency.
with corrected as (
    update mart.dim_date as d
    set
        starts_at = bounds.starts_at,
        ends_at = bounds.ends_at
    from (
        select
            known.day,
            least(
                known.day::timestamp at time zone a.timezone,
                (known.day::timestamp - interval '1 microsecond') at time zone a.timezone
                + interval '1 microsecond'
            ) as starts_at,
            least(
                (known.day::timestamp + interval '1 day') at time zone a.timezone,
                (known.day::timestamp + interval '1 day' - interval '1 microsecond')
                at time zone a.timezone + interval '1 microsecond'
            ) as ends_at
        from mart.dim_date as known
        inner join klaviyo.account as a on known.account_id = a.account_id
        where known.account_id = %(account_id)s
    ) as bounds
    where
        d.account_id = %(account_id)s
        and d.day = bounds.day
        and (d.starts_at <> bounds.starts_at or d.ends_at <> bounds.ends_at)
    returning d.day
),

last_refresh as (
    select currency
    from ops.refresh
    where account_id = %(account_id)s
    order by refresh_id desc
    limit 1
)

select 'days' as reason
from corrected
union
select 'currency' as reason
from last_refresh as l
inner join klaviyo.account as a on a.account_id = %(account_id)s
where l.currency <> a.currency;
