-- Tells the planner of the days and messages just written: of an account that it has not met, it
-- expects a single row.
analyze mart.dim_date, mart.known_message;
