-- Keeps the planner of this transaction from loops: it takes a table that has just been filled for
-- a small one, and would look through all of it for each row of another. A plan that the connection
-- has kept from before knows nothing of that, so a new one is made.
select
    set_config('enable_nestloop', 'off', true) as enable_nestloop,
    set_config('plan_cache_mode', 'force_custom_plan', true) as plan_cache_mode;
