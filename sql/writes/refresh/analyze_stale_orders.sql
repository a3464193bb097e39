-- Tells the planner how few orders something new is said of.
analyze stale_order_number;
