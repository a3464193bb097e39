-- Removes the days of forms that are written anew: those on which a metric of forms was touched,
-- one that is such now or was before.
delete from mart.form_daily as m
using (
    select distinct s.day
    from stale_metric_day as s
    left join former_role as f on s.metric_id = f.metric_id
    where
        s.role in ('viewed_form', 'submitted_form', 'closed_form')
        or f.role in ('viewed_form', 'submitted_form', 'closed_form')
) as d
where
    m.account_id = %(account_id)s
    and m.day = d.day;
