-- One row per report and period that has a day in common with some days, in order of time.
--   %(first)s, %(last)s  account days, both included
select
    report,
    first_on,
    last_on,
    through_on,
    conversion_metric_id
from ops.report_window
where
    account_id = %(account_id)s
    and report in ('campaign_reports', 'flow_reports')
    and last_on >= %(first)s
    and first_on <= %(last)s
order by report, first_on;
