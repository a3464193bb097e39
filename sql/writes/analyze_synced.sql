-- Tells the planner what a large sync brought. Autovacuum would do so a minute later; until then a
-- refresh would be planned for empty tables.
analyze klaviyo.event, klaviyo.profile;
