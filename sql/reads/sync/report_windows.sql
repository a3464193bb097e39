-- One row per period of a report, the newest first.
select
    first_on,
    last_on,
    through_on,
    read_at,
    conversion_metric_id
from ops.report_window
where
    account_id = %(account_id)s
    and report = %(report)s
order by first_on desc;
