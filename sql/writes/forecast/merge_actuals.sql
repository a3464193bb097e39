-- Keeps what happened, where the facts say something new of it.
--   the temporary table staged_actual holds what they say now
insert into model.actual as kept (account_id, unique_id, grain, starts_at, ds, y)
select
    account_id,
    unique_id,
    grain,
    starts_at,
    ds,
    y
from staged_actual
on conflict (account_id, unique_id, grain, starts_at) do update
    set
        y = excluded.y,
        read_at = clock_timestamp()
    where kept.y is distinct from excluded.y;
