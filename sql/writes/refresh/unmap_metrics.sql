-- Takes a mapped role from metrics that the account no longer maps to it, and touches their days.
--   %(mapped_roles)s  jsonb object: mapping of mapped-metrics -> role
with gone as (
    delete from mart.metric_role as r
    where
        r.account_id = %(account_id)s
        and r.source = 'mapped'
        and not exists (
            select 1
            from klaviyo.mapped_metric as m
            inner join jsonb_each_text(%(mapped_roles)s) as said (mapping, role)
                on m.mapping = said.mapping
            where
                m.account_id = r.account_id
                and m.metric_id = r.metric_id
                and said.role = r.role
        )
    returning r.account_id, r.metric_id, r.role, r.channel
),

noted as (
    insert into former_role (metric_id, role, channel)
    select
        metric_id,
        role,
        channel
    from gone
)

insert into ops.touched (account_id, metric_id, day)
select distinct
    m.account_id,
    m.metric_id,
    m.day
from mart.metric_daily as m
inner join gone as g on m.account_id = g.account_id and m.metric_id = g.metric_id;
