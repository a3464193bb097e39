-- For this transaction: turns off two things that the planner overrates (compiling the plan over a
-- hypertable's many chunks takes seconds, memoize expects pairs to repeat, which none does), and
-- tells it that what is new lies in memory, so that it walks to it and does not read all there is.
select
    set_config('jit', 'off', true) as jit,
    set_config('enable_memoize', 'off', true) as enable_memoize,
    set_config('random_page_cost', '1.1', true) as random_page_cost;
