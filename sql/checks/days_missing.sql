-- The calendar of an account has every day of 30 years: one begins where the one before it ends.
-- One row per day that does not, up to the last sync. Of what is dated in other years, there are
-- the very days only.
-- Mend: workbench refresh --full
with days as (
    select
        account_id,
        day,
        starts_at,
        lag(ends_at) over (partition by account_id order by day) as previous_ends_at
    from mart.dim_date
)

select
    d.account_id,
    d.day,
    d.starts_at,
    d.previous_ends_at
from days as d
inner join mart.account as a on d.account_id = a.account_id
where
    d.starts_at <> d.previous_ends_at
    and d.previous_ends_at > a.as_of - interval '30 years'
    and d.previous_ends_at < a.as_of;
