-- One row per day ahead of the champion in the newest forecast of a series.
--   %(unique_id)s    the series
--   %(known_until)s  last day that the forecast may have known
select
    m.forecast_id,
    m.unique_id,
    m.champion as model,
    m.cutoff,
    m.unit,
    p.ds,
    p.step,
    p.y_hat,
    p.lo_80,
    p.hi_80,
    p.lo_95,
    p.hi_95,
    p.is_champion
from model.forecast_model as m
inner join model.forecast_prediction as p
    on m.forecast_id = p.forecast_id and m.unique_id = p.unique_id and p.is_champion
where
    m.account_id = %(account_id)s
    and m.forecast_id = (
        select latest.forecast_id
        from model.forecast_model as latest
        where
            latest.account_id = %(account_id)s
            and latest.unique_id = %(unique_id)s
            and latest.cutoff <= %(known_until)s
        order by latest.cutoff desc, latest.created_at desc
        limit 1
    )
    and m.unique_id = %(unique_id)s
order by p.ds;
