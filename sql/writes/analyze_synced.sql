-- Tells the planner what a large sync brought. Autovacuum would do so a minute later; until then a
-- refresh would be planned for empty tables, and take four times as long.
analyze klaviyo.event, klaviyo.profile, klaviyo.campaign, klaviyo.campaign_message, klaviyo.flow,
klaviyo.flow_message;
