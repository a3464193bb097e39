-- Tells the planner how few customers' orders have changed.
analyze stale_buyer;
