-- Tells the planner how much is stale: a day, or a whole history.
analyze stale_metric_day, stale_order_day, stale_message_day;
