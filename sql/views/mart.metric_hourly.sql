-- One row per metric, hour of UTC and currency: the additive series, for what is watched by the
-- hour and for patterns over the day. It is not for account days: those of zones that are no whole
-- hours from UTC begin within an hour; mart.metric_daily has them, with the uniques.
create or replace view mart.metric_hourly as
select
    account_id,
    metric_id,
    hour_at,
    currency,
    count_events,
    sum_value
from mart.metric_hourly_rollup;

comment on view mart.metric_hourly is 'One row per metric, hour of UTC and currency. Adds up to any longer span of whole hours; account days are in mart.metric_daily.';
comment on column mart.metric_hourly.hour_at is 'First instant of the hour of UTC.';
comment on column mart.metric_hourly.currency is 'Empty for events without a value.';
comment on column mart.metric_hourly.sum_value is 'Sum of $value in the currency; null where no event has one.';
