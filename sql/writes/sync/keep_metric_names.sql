-- Keeps the names of metrics: one row a rename, its id and both names.
--   %(account_id)s  the account
--   %(as_of)s       Klaviyo's clock when this sync began
with ended as (
    update klaviyo.metric_name as n
    set seen_until = %(as_of)s
    from klaviyo.metric as m
    where
        n.account_id = %(account_id)s
        and n.seen_until is null
        and n.account_id = m.account_id
        and n.metric_id = m.metric_id
        and n.name is distinct from m.name
    returning n.metric_id, n.name
),

begun as (
    insert into klaviyo.metric_name (account_id, metric_id, name, seen_from)
    select
        m.account_id,
        m.metric_id,
        m.name,
        %(as_of)s
    from klaviyo.metric as m
    left join klaviyo.metric_name as n
        on
            m.account_id = n.account_id
            and m.metric_id = n.metric_id
            and m.name = n.name
            and n.seen_until is null
    where m.account_id = %(account_id)s and n.metric_id is null
    -- an old name that is back in the very second in which it had come
    on conflict (account_id, metric_id, seen_from, name) do update set seen_until = null
    returning metric_id, name
)

select
    ended.metric_id,
    ended.name as old_name,
    begun.name as new_name
from ended
inner join begun on ended.metric_id = begun.metric_id
order by ended.metric_id;
