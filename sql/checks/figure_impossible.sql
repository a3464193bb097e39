-- Klaviyo's own figures are possible: counts are not negative, probabilities lie between 0 and 1.
-- One row per estimate or prediction that is not.
select
    account_id,
    'campaign_estimate' as kind,
    campaign_id as id
from klaviyo.campaign_estimate
where recipients < 0
union all
select
    account_id,
    'profile_prediction' as kind,
    profile_id as id
from klaviyo.profile_prediction
where
    not churn_probability between 0 and 1
    or historic_number_of_orders < 0
    or predicted_number_of_orders < 0;
