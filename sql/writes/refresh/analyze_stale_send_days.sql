-- Tells the planner how few days of messages are summed anew.
analyze stale_send_day;
