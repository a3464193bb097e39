-- One row: the two numbers that a bridge joins.
--   reported  what Klaviyo's reports say of what was sent in the days; null when they say nothing
--   counted   what events of the days sum to: value in the account's currency, or their number
--   %(first)s, %(last)s  account days, both included; whole periods of the reports
--   %(statistic)s        of the reports
--   %(role)s             of the metrics whose events are counted
--   %(is_money)s         whether values are summed
select
    (
        select sum(v.value)
        from mart.report_value as v
        where
            v.account_id = a.account_id
            and v.report in ('campaign_reports', 'flow_reports')
            and v.statistic = %(statistic)s
            and v.first_on >= %(first)s
            and v.first_on <= %(last)s
    ) as reported,
    (
        select coalesce(sum(case when %(is_money)s then m.sum_value else m.count_events end), 0)
        from mart.metric_daily as m
        inner join mart.metric_role as r
            on m.account_id = r.account_id and m.metric_id = r.metric_id and r.role = %(role)s
        where
            m.account_id = a.account_id
            and m.day between %(first)s and %(last)s
            and (r.role <> 'revenue' or m.currency in ('', a.currency))
            and (r.role = 'revenue' or r.channel is not null)
    ) as counted
from klaviyo.account as a
where a.account_id = %(account_id)s;
