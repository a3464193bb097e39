-- One row per series that was forecast at a grain: which, and from which instant on.
select
    m.unique_id,
    m.metric,
    m.dimension,
    m.grain,
    min(p.starts_at) as first_at,
    min(m.cutoff) as first_cutoff
from model.forecast_model as m
inner join model.forecast_prediction as p
    on
        m.forecast_id = p.forecast_id
        and m.unique_id = p.unique_id
        and m.stated = p.model
        and p.step = 1
where m.account_id = %(account_id)s
group by m.unique_id, m.metric, m.dimension, m.grain
order by m.metric, m.dimension, m.grain, m.unique_id;
