-- One row per model of a forecast: its errors on rolling origins, best first.
--   %(forecast_id)s, %(unique_id)s  the forecast and its series
select
    s.unique_id,
    s.model,
    s.weight,
    s.n,
    s.mae,
    s.rmse,
    s.mase,
    s.smape,
    s.bias
from model.backtest_score as s
inner join model.forecast_model as m
    on s.forecast_id = m.forecast_id and s.unique_id = m.unique_id
where
    m.account_id = %(account_id)s
    and s.forecast_id = %(forecast_id)s
    and s.unique_id = %(unique_id)s
order by s.mase, s.model;
