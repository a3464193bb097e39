-- One row per metric of which some day was compared.
--   %(account_id)s  the account
--   %(metric)s      id or name of a metric; null for all
--   %(since)s       first UTC day; null for all
--   %(until)s       last UTC day; null for all
--   proven_at  Klaviyo's clock when a day of it was last counted on both sides
select
    p.metric_id,
    coalesce(m.name, '') as name,
    count(*) filter (where p.status = 'proven') as days_proven,
    count(*) filter (where p.status = 'repaired') as days_repaired,
    count(*) filter (where p.status = 'explained') as days_explained,
    count(*) filter (where p.status = 'differs') as days_differing,
    max(p.proven_at) as proven_at
from ops.proof as p
left join klaviyo.metric as m on p.account_id = m.account_id and p.metric_id = m.metric_id
where
    p.account_id = %(account_id)s
    and (%(metric)s::text is null or %(metric)s::text in (p.metric_id, m.name))
    and (%(since)s::date is null or p.day >= %(since)s::date)
    and (%(until)s::date is null or p.day <= %(until)s::date)
group by p.metric_id, m.name
order by m.name asc, p.metric_id asc;
