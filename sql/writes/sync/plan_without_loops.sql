-- Keeps the planner of this transaction from loops: it takes a table that has just been filled for
-- a small one, and would look through all of it for each row of another.
select set_config('enable_nestloop', 'off', true) as enable_nestloop;
