-- One row per account whose revenue is not known, with the reason; its facts have no orders.
-- Klaviyo lets an account map revenue to a custom metric, which is a formula over events of several
-- metrics with filters of their own: its events cannot be told from the others by their metric.
create or replace view mart.missing_revenue as
select
    a.account_id,
    case
        when p.metric_id is not null
            then 'the metric that the account maps to revenue was not refreshed since'
        when p.custom_metric_id is not null
            then format(
                'the account maps revenue to the custom metric %s,'
                ' a formula whose orders cannot be told from other events',
                coalesce('"' || c.name || '"', p.custom_metric_id)
            )
        else 'the account maps no metric to revenue'
    end as reason
from klaviyo.account as a
left join klaviyo.mapped_metric as p on a.account_id = p.account_id and p.mapping = 'revenue'
left join klaviyo.custom_metric as c
    on p.account_id = c.account_id and p.custom_metric_id = c.custom_metric_id
where
    not exists (
        select 1
        from mart.metric_role as r
        where r.account_id = a.account_id and r.role = 'revenue'
    );

comment on view mart.missing_revenue is 'One row per account whose revenue is not known: its revenue, orders and customers are missing, not 0.';
comment on column mart.missing_revenue.reason is 'What the account maps to revenue instead of a metric that was refreshed.';
