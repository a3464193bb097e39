-- One row: what reports of an account are asked with.
--   conversion_metric_id  the metric that the account maps to revenue; null where it maps none
--   began_at              when its first metric was created; null where none is known
select
    (
        select coalesce(m.metric_id, m.custom_metric_id)
        from klaviyo.mapped_metric as m
        where m.account_id = %(account_id)s and m.mapping = 'revenue'
    ) as conversion_metric_id,
    (
        select min(m.created_at)
        from klaviyo.metric as m
        where m.account_id = %(account_id)s
    ) as began_at;
