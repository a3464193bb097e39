-- One row per metric and UTC day whose counts are not equal, the newest day first.
--   %(account_id)s  the account
--   %(metric)s      id or name of a metric; null for all
--   %(since)s       first UTC day; null for all
--   %(until)s       last UTC day; null for all
select
    p.day,
    p.metric_id,
    coalesce(m.name, '') as name,
    p.our_count,
    p.their_count,
    p.our_values,
    p.their_values,
    p.status,
    p.reason,
    p.proven_at
from ops.proof as p
left join klaviyo.metric as m on p.account_id = m.account_id and p.metric_id = m.metric_id
where
    p.account_id = %(account_id)s
    and p.status in ('explained', 'differs')
    and (%(metric)s::text is null or %(metric)s::text in (p.metric_id, m.name))
    and (%(since)s::date is null or p.day >= %(since)s::date)
    and (%(until)s::date is null or p.day <= %(until)s::date)
order by p.day desc, m.name asc, p.metric_id asc;
