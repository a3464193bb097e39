-- Tells the planner how much is stale, a day or a whole history, and that the account has its days:
-- a first refresh would be planned for none.
analyze stale_metric_day, stale_order_day, stale_message_day, mart.dim_date;
