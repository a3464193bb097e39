-- One row: rows of all that was synced, computed from it, or forecast.
select sum(counted.found)::bigint as count_rows
from (
    select count(*) as found from klaviyo.account
    union all
    select count(*) as found from klaviyo.metric
    union all
    select count(*) as found from klaviyo.mapped_metric
    union all
    select count(*) as found from klaviyo.profile
    union all
    select count(*) as found from klaviyo.profile_prediction
    union all
    select count(*) as found from klaviyo.profile_merge
    union all
    select count(*) as found from klaviyo.membership
    union all
    select count(*) as found from klaviyo.event
    union all
    select count(*) as found from klaviyo.event_version
    union all
    select count(*) as found from klaviyo.campaign
    union all
    select count(*) as found from klaviyo.campaign_message
    union all
    select count(*) as found from klaviyo.flow
    union all
    select count(*) as found from klaviyo.flow_message
    union all
    select count(*) as found from klaviyo.custom_metric
    union all
    select count(*) as found from klaviyo.campaign_estimate
    union all
    select count(*) as found from klaviyo.flow_action
    union all
    select count(*) as found from klaviyo.flow_version
    union all
    select count(*) as found from klaviyo.list
    union all
    select count(*) as found from klaviyo.segment
    union all
    select count(*) as found from klaviyo.tag_group
    union all
    select count(*) as found from klaviyo.tag
    union all
    select count(*) as found from klaviyo.template
    union all
    select count(*) as found from klaviyo.form
    union all
    select count(*) as found from klaviyo.form_version
    union all
    select count(*) as found from klaviyo.metric_name
    union all
    select count(*) as found from klaviyo.report_value
    union all
    select count(*) as found from mart.dim_date
    union all
    select count(*) as found from mart.metric_daily
    union all
    select count(*) as found from mart.metric_hourly_rollup
    union all
    select count(*) as found from mart.fact_engagement
    union all
    select count(*) as found from mart.form_daily
    union all
    select count(*) as found from mart.segment_daily
    union all
    select count(*) as found from mart.orders
    union all
    select count(*) as found from mart.fact_revenue
    union all
    select count(*) as found from mart.message_recipient
    union all
    select count(*) as found from mart.message_performance
    union all
    select count(*) as found from model.forecast_model
    union all
    select count(*) as found from model.forecast_prediction
    union all
    select count(*) as found from model.backtest_score
    union all
    select count(*) as found from model.backtest_coverage
) as counted;
