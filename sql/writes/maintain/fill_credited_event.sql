-- Notes the events of an account that its conversions are credited to.
--   %(metric_ids)s  the metrics whose events go: all others are looked at
insert into credited_event (account_id, event_id)
select distinct
    e.account_id,
    given.attribution ->> 'attributed_event_id' as event_id
from klaviyo.event as e
cross join lateral jsonb_array_elements(e.attributions) as given (attribution)
where
    e.account_id = %(account_id)s
    and e.metric_id in (
        select m.metric_id
        from klaviyo.metric as m
        where m.account_id = %(account_id)s and m.metric_id <> all(%(metric_ids)s)
        union all
        select '' as metric_id
    )
    and e.attributions is not null
    and given.attribution ->> 'attributed_event_id' is not null
on conflict do nothing;
