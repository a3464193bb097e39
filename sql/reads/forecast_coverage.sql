-- One row per level of a forecast: how often its interval held on rolling origins.
--   %(forecast_id)s, %(unique_id)s  the forecast and its series
select
    c.unique_id,
    c.level,
    c.coverage
from model.backtest_coverage as c
inner join model.forecast_model as m
    on c.forecast_id = m.forecast_id and c.unique_id = m.unique_id
where
    m.account_id = %(account_id)s
    and c.forecast_id = %(forecast_id)s
    and c.unique_id = %(unique_id)s
order by c.level;
