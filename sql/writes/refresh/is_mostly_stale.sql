-- One row: whether most of what is known of the account's metrics and days, or what is known of an
-- account first, is written anew. Then the planner's statistics are of what was there before, or of
-- other accounts, and the events are better read once than walked to.
select count(*) * 2 >= min(known.count_rows) as is_mostly_stale
from stale_metric_day
cross join (
    select count(*) as count_rows
    from mart.metric_daily
    where account_id = %(account_id)s
) as known;
