-- One row per step ahead that a forecast states: of a series, the newest that was made in time and
-- reaches the days asked for. The newest is the one that knew most; of two that knew as much, the
-- one said last.
--   %(unique_id)s    the series
--   %(grain)s        length of a step: h, D, W or MS
--   %(known_until)s  last day that the forecast may have known
--   %(made_before)s  the forecast was first made before this instant
--   %(first)s, %(last)s  account days on which the steps begin, both included
with newest as (
    select
        m.forecast_id,
        m.unique_id,
        m.stated,
        m.champion,
        m.cutoff,
        m.unit,
        m.created_at
    from model.forecast_model as m
    where
        m.account_id = %(account_id)s
        and m.unique_id = %(unique_id)s
        and m.grain = %(grain)s
        and m.cutoff <= %(known_until)s
        and m.created_at < %(made_before)s
        and exists (
            select 1
            from model.forecast_prediction as p
            where
                p.forecast_id = m.forecast_id
                and p.unique_id = m.unique_id
                and p.model = m.stated
                and p.ds between %(first)s and %(last)s
        )
    order by
        m.cutoff desc,
        case when m.confirmed_at < %(made_before)s then m.confirmed_at else m.created_at end desc
    limit 1
)

select
    m.forecast_id,
    m.unique_id,
    p.model,
    m.champion,
    m.cutoff,
    m.created_at as made_at,
    m.unit,
    p.ds,
    p.starts_at,
    p.step,
    p.y_hat,
    p.lo_50,
    p.hi_50,
    p.lo_80,
    p.hi_80,
    p.lo_90,
    p.hi_90,
    p.lo_95,
    p.hi_95
from newest as m
inner join model.forecast_prediction as p
    on
        m.forecast_id = p.forecast_id
        and m.unique_id = p.unique_id
        and m.stated = p.model
where p.ds between %(first)s and %(last)s
order by p.step;
