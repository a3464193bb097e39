-- Tells the planner how much is stale, a day or a whole history: a first refresh would be planned
-- for none.
analyze stale_order_day, stale_message_day, stale_conversion_day, stale_group_span;
