-- The calendar of an account has every day: one begins where the one before it ends.
-- One row per day that does not.
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
    account_id,
    day,
    starts_at,
    previous_ends_at
from days
where starts_at <> previous_ends_at;
