-- Appends what one reading of a period changed: cells that are new or told otherwise, and cells
-- that are told no longer. One row: cells read, new ones, changed ones.
-- Klaviyo's answer is in staged_report_value. A group of zeros that was never anything else, such
-- as a day without a send, is no row.
--   %(first_on)s, %(last_on)s  the period
--   %(observed_at)s            Klaviyo's clock at its answer
with told as (
    select
        first_on,
        last_on,
        groupings,
        statistic,
        value,
        conversion_metric_id,
        bool_or(value <> 0) over (partition by first_on, last_on, groupings) as is_anything
    from staged_report_value
),

found as (
    select distinct on (first_on, last_on, groupings, statistic) *
    from told
    order by first_on, last_on, groupings, statistic  -- pages may repeat a row
),

known as (
    select distinct on (first_on, last_on, groupings, statistic)
        first_on,
        last_on,
        groupings,
        statistic,
        value,
        conversion_metric_id
    from klaviyo.report_value
    where
        account_id = %(account_id)s
        and report = %(report)s
        and first_on >= %(first_on)s
        and last_on <= %(last_on)s
    order by first_on asc, last_on asc, groupings asc, statistic asc, observed_at desc
),

differing as (
    select
        coalesce(f.first_on, k.first_on) as first_on,
        coalesce(f.last_on, k.last_on) as last_on,
        coalesce(f.groupings, k.groupings) as groupings,
        coalesce(f.statistic, k.statistic) as statistic,
        f.value,
        coalesce(f.conversion_metric_id, k.conversion_metric_id) as conversion_metric_id,
        k.statistic is null as is_new
    from found as f
    full join known as k
        on
            f.first_on = k.first_on
            and f.last_on = k.last_on
            and f.groupings = k.groupings
            and f.statistic = k.statistic
    where
        case
            when k.statistic is null then f.is_anything and f.value is not null
            when f.statistic is null then k.value is not null
            else
                (f.value, f.conversion_metric_id)
                is distinct from (k.value, k.conversion_metric_id)
        end
),

written as (
    insert into klaviyo.report_value (
        account_id,
        report,
        first_on,
        last_on,
        groupings,
        statistic,
        observed_at,
        value,
        conversion_metric_id,
        run_id
    )
    select
        %(account_id)s,
        %(report)s,
        first_on,
        last_on,
        groupings,
        statistic,
        %(observed_at)s,
        value,
        conversion_metric_id,
        %(run_id)s
    from differing
    -- told otherwise within the same second: the later answer stands
    on conflict (account_id, report, first_on, last_on, groupings, statistic, observed_at)
    do update
        set
            value = excluded.value,
            conversion_metric_id = excluded.conversion_metric_id,
            run_id = excluded.run_id
)

select
    f.count_read,
    d.count_new,
    d.count_changed
from (select count(*) as count_read from found) as f
cross join (
    select
        count(*) filter (where is_new) as count_new,
        count(*) filter (where not is_new) as count_changed
    from differing
) as d;
