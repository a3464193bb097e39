-- One row per forecast series, model and range of steps ahead: errors and coverage, of forecasts of
-- which something new is known, or that were never scored.
--   %(since)s  what was read from this instant on is new
with stale as (
    select distinct
        m.forecast_id,
        m.unique_id
    from model.forecast_model as m
    inner join model.forecast_prediction as p
        on m.forecast_id = p.forecast_id and m.unique_id = p.unique_id and m.stated = p.model
    inner join model.actual as a
        on
            m.account_id = a.account_id
            and m.unique_id = a.unique_id
            and m.grain = a.grain
            and p.starts_at = a.starts_at
    where
        m.account_id = %(account_id)s
        and (
            a.read_at >= %(since)s
            or not exists (
                select 1
                from model.model_performance as known
                where known.forecast_id = m.forecast_id and known.unique_id = m.unique_id
            )
        )
),

pairs as (
    select
        p.*,
        m.naive_error,
        a.y,
        case
            when p.step = 1 then 1
            when p.step <= 7 then 2
            when p.step <= 14 then 8
            when p.step <= 28 then 15
            when p.step <= 56 then 29
            else 57
        end as step_from
    from stale as s
    inner join model.forecast_model as m
        on s.forecast_id = m.forecast_id and s.unique_id = m.unique_id
    inner join model.forecast_prediction as p
        on s.forecast_id = p.forecast_id and s.unique_id = p.unique_id
    inner join model.actual as a
        on
            m.account_id = a.account_id
            and m.unique_id = a.unique_id
            and m.grain = a.grain
            and p.starts_at = a.starts_at
)

insert into model.model_performance (
    forecast_id, unique_id, model, step_from, n, mae, rmse, bias, mase,
    coverage_50, coverage_80, coverage_90, coverage_95, first_on, last_on
)
select
    forecast_id,
    unique_id,
    model,
    step_from,
    count(*) as n,
    avg(abs(y_hat - y)) as mae,
    sqrt(avg((y_hat - y) ^ 2)) as rmse,
    avg(y_hat - y) as bias,
    avg(abs(y_hat - y)) / nullif(min(naive_error), 0) as mase,
    avg((y between lo_50 and hi_50)::integer) as coverage_50,
    avg((y between lo_80 and hi_80)::integer) as coverage_80,
    avg((y between lo_90 and hi_90)::integer) as coverage_90,
    avg((y between lo_95 and hi_95)::integer) as coverage_95,
    min(ds) as first_on,
    max(ds) as last_on
from pairs
group by forecast_id, unique_id, model, step_from
on conflict (forecast_id, unique_id, model, step_from) do update
    set
        n = excluded.n,
        mae = excluded.mae,
        rmse = excluded.rmse,
        bias = excluded.bias,
        mase = excluded.mase,
        coverage_50 = excluded.coverage_50,
        coverage_80 = excluded.coverage_80,
        coverage_90 = excluded.coverage_90,
        coverage_95 = excluded.coverage_95,
        first_on = excluded.first_on,
        last_on = excluded.last_on,
        scored_at = excluded.scored_at;
