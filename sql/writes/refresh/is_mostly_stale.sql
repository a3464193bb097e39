-- One row: whether most of the account's days with facts, or days of an account without any, are
-- written anew. Then the planner's statistics are of what was there before, or of other accounts.
select coalesce(count(distinct s.day) * 2 >= min(known.count_days), true) as is_mostly_stale
from stale_metric_day as s
cross join (
    select max(day) - min(day) + 1 as count_days
    from mart.metric_daily
    where account_id = %(account_id)s
) as known;
