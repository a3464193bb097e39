-- Turns off, for this transaction, two things that the planner overrates: compiling the plan over
-- a hypertable's many chunks takes seconds, and memoize expects pairs to repeat, which none does.
select
    set_config('jit', 'off', true) as jit,
    set_config('enable_memoize', 'off', true) as enable_memoize;
