-- Gives metrics their role, once: a metric keeps the role it was found to have, whatever it is
-- renamed to. What the account maps wins over what a name suggests. Days of a metric whose role
-- changed are touched, so that its facts are written anew.
--   %(mapped_roles)s  jsonb object: mapping of mapped-metrics -> role
--   %(named_roles)s   jsonb object: name of a Klaviyo system metric -> [role, channel]
--   %(shop_roles)s    jsonb object: name of a metric of another integration -> role
with mapped as (
    select
        m.account_id,
        m.metric_id,
        said.role,
        null as channel,
        'mapped' as source
    from klaviyo.mapped_metric as m
    inner join jsonb_each_text(%(mapped_roles)s) as said (mapping, role)
        on m.mapping = said.mapping
    where m.account_id = %(account_id)s and m.metric_id is not null
),

named as (
    select
        m.account_id,
        m.metric_id,
        said.meaning ->> 0 as role,
        said.meaning ->> 1 as channel,
        'name' as source
    from klaviyo.metric as m
    inner join jsonb_each(%(named_roles)s) as said (name, meaning)
        on m.name = said.name
    where
        m.account_id = %(account_id)s
        and m.integration_name = 'Klaviyo'
        and not exists (
            select 1
            from mapped
            where mapped.metric_id = m.metric_id
        )
    union all
    select
        m.account_id,
        m.metric_id,
        said.role,
        null as channel,
        'name' as source
    from klaviyo.metric as m
    inner join jsonb_each_text(%(shop_roles)s) as said (name, role) on m.name = said.name
    where
        m.account_id = %(account_id)s
        and m.integration_name is distinct from 'Klaviyo'
        and not exists (
            select 1
            from mapped
            where mapped.metric_id = m.metric_id
        )
),

changed as (
    insert into mart.metric_role as stored (account_id, metric_id, role, channel, source)
    select
        account_id,
        metric_id,
        role,
        channel,
        source
    from mapped
    union all
    select
        account_id,
        metric_id,
        role,
        channel,
        source
    from named
    on conflict (account_id, metric_id) do update
        set role = excluded.role, channel = excluded.channel, source = excluded.source
        where excluded.source = 'mapped' and stored.role is distinct from excluded.role
    returning stored.account_id, stored.metric_id
),

noted as (
    insert into former_role (metric_id, role, channel)
    select
        r.metric_id,
        r.role,
        r.channel
    from mart.metric_role as r
    inner join mapped as m on r.account_id = m.account_id and r.metric_id = m.metric_id
    where r.role is distinct from m.role
)

insert into ops.touched (account_id, metric_id, day, message_ref)
select distinct
    e.account_id,
    e.metric_id,
    (e.occurred_at at time zone a.timezone)::date as day,
    coalesce(e.message_ref, '') as message_ref
from changed as c
inner join klaviyo.account as a on c.account_id = a.account_id
inner join klaviyo.event as e on c.account_id = e.account_id and c.metric_id = e.metric_id
-- a metric that was never refreshed has all its days touched already
where exists (
    select 1
    from mart.metric_daily as m
    where
        m.account_id = c.account_id
        and m.metric_id = c.metric_id
);
