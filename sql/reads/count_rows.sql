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
    select count(*) as found from klaviyo.event
    union all
    select count(*) as found from klaviyo.campaign
    union all
    select count(*) as found from klaviyo.campaign_message
    union all
    select count(*) as found from klaviyo.flow
    union all
    select count(*) as found from klaviyo.flow_message
    union all
    select count(*) as found from mart.dim_date
    union all
    select count(*) as found from mart.metric_daily
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
    select count(*) as found from model.model_performance
) as counted;
