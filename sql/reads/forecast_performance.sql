-- One row per metric, unit, grain, model and range of steps ahead: how forecasts did on the steps
-- of some days. Errors are weighed by their steps; two currencies are never mixed.
--   %(first)s, %(last)s  account days: scores whose steps all lie within
select
    m.metric,
    m.unit,
    m.grain,
    case when p.model = m.stated then 'forecast' else p.model end as model,
    p.step_from,
    count(distinct m.unique_id) as count_series,
    count(distinct p.forecast_id) as count_forecasts,
    sum(p.n)::bigint as n,
    sum(p.mae * p.n) / sum(p.n) as mae,
    sum(p.bias * p.n) / sum(p.n) as bias,
    sum(p.mase * p.n) / nullif(sum(p.n) filter (where p.mase is not null), 0) as mase,
    sum(p.coverage_50 * p.n) / nullif(sum(p.n) filter (where p.coverage_50 is not null), 0)
        as coverage_50,
    sum(p.coverage_80 * p.n) / nullif(sum(p.n) filter (where p.coverage_80 is not null), 0)
        as coverage_80,
    sum(p.coverage_90 * p.n) / nullif(sum(p.n) filter (where p.coverage_90 is not null), 0)
        as coverage_90,
    sum(p.coverage_95 * p.n) / nullif(sum(p.n) filter (where p.coverage_95 is not null), 0)
        as coverage_95
from model.model_performance as p
inner join model.forecast_model as m
    on p.forecast_id = m.forecast_id and p.unique_id = m.unique_id
where
    m.account_id = %(account_id)s
    and p.first_on >= %(first)s
    and p.last_on <= %(last)s
    and p.model in (m.stated, 'seasonal_naive', 'naive')
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 5, 4;
