-- One row: rows of all that was synced, computed from it, or forecast.
select sum(counted.rows)::bigint as rows
from (
    select count(*) as rows from klaviyo.account
    union all
    select count(*) as rows from klaviyo.metric
    union all
    select count(*) as rows from klaviyo.mapped_metric
    union all
    select count(*) as rows from klaviyo.profile
    union all
    select count(*) as rows from klaviyo.event
    union all
    select count(*) as rows from klaviyo.campaign
    union all
    select count(*) as rows from klaviyo.campaign_message
    union all
    select count(*) as rows from klaviyo.flow
    union all
    select count(*) as rows from klaviyo.flow_message
    union all
    select count(*) as rows from mart.dim_date
    union all
    select count(*) as rows from mart.metric_daily
    union all
    select count(*) as rows from mart.orders
    union all
    select count(*) as rows from mart.fact_revenue
    union all
    select count(*) as rows from mart.message_recipient
    union all
    select count(*) as rows from mart.message_performance
    union all
    select count(*) as rows from model.forecast_model
    union all
    select count(*) as rows from model.forecast_prediction
    union all
    select count(*) as rows from model.model_performance
) as counted;
