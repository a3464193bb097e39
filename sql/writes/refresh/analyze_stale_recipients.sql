-- Tells the planner how many pairs are stale.
analyze stale_recipient;
