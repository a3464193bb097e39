-- One row: how many of the account's days are a holiday now.
--   %(days)s   dates of the holidays
--   %(names)s  their names, in the same order; of two on a day, both
with said as (
    select
        day,
        string_agg(name, ', ' order by name) as holiday
    from unnest(%(days)s::date[], %(names)s::text[]) as h (day, name)
    group by day
),

written as (
    update mart.dim_date as d
    set holiday = s.holiday
    from mart.dim_date as t
    left join said as s on t.day = s.day
    where
        d.account_id = %(account_id)s
        and t.account_id = d.account_id
        and t.day = d.day
        and d.holiday is distinct from s.holiday
)

select count(*) as holidays
from mart.dim_date as d
inner join said as s on d.day = s.day
where d.account_id = %(account_id)s;
