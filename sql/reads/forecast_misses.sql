-- One row per step that is over: what happened, beside the last forecast made before it, of which
-- the backtest is told. Only the latest steps of each series, as many as asked for.
--   %(most)s  steps of a series, the latest
with said as (
    select distinct on (a.unique_id, a.grain, a.starts_at)
        m.forecast_id,
        a.unique_id,
        a.grain,
        a.starts_at,
        a.y,
        p.y_hat,
        p.lo_80,
        p.hi_80,
        s.mae,
        c.coverage
    from model.actual as a
    inner join model.forecast_model as m
        on a.account_id = m.account_id and a.unique_id = m.unique_id and a.grain = m.grain
    inner join model.forecast_prediction as p
        on
            m.forecast_id = p.forecast_id
            and m.unique_id = p.unique_id
            and m.stated = p.model
            and a.starts_at = p.starts_at
    left join model.backtest_score as s
        on m.forecast_id = s.forecast_id and m.unique_id = s.unique_id and m.stated = s.model
    left join model.backtest_coverage as c
        on m.forecast_id = c.forecast_id and m.unique_id = c.unique_id and c.level = 80
    where a.account_id = %(account_id)s
    order by a.unique_id asc, a.grain asc, a.starts_at asc, p.step asc, m.confirmed_at desc
),

numbered as (
    select
        *,
        row_number() over (partition by unique_id, grain order by starts_at desc) as back
    from said
)

select
    unique_id,
    grain,
    starts_at,
    y,
    y_hat,
    lo_80,
    hi_80,
    mae,
    coverage
from numbered
where back <= %(most)s
order by unique_id, grain, starts_at;
