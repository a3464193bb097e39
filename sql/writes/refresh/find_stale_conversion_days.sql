-- Notes the metrics and days that were touched, and those with a conversion credited to a message
-- that has become known, or changed its channel, since; but none
-- of days whose other events were deleted for their age.
insert into stale_conversion_day (metric_id, day)
select
    metric_id,
    day
from stale_metric_day
union
select
    f.metric_id,
    f.day
from stale_message as s
inner join mart.fact_conversions as f
    on
        f.account_id = %(account_id)s
        and s.was_message_id = f.message_id
left join ops.kept_from as k on f.account_id = k.account_id and f.metric_id = k.metric_id
where
    f.message_id <> ''
    and (k.kept_from_on <= f.day) is not false;
