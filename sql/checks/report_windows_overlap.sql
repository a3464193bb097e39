-- Periods of a report never overlap.
-- One row per period that begins before the one before it has ended.
with periods as (
    select
        account_id,
        report,
        first_on,
        lag(last_on) over (partition by account_id, report order by first_on) as previous_last_on
    from ops.report_window
)

select
    account_id,
    report,
    first_on,
    previous_last_on
from periods
where first_on <= previous_last_on;
