-- One row per metric of which events were deleted for their age, or whose days count together with
-- those of such metrics: all metrics of messages do.
create or replace view ops.kept_from as
select
    known.account_id,
    known.metric_id,
    max(known.kept_from) as kept_from,
    max(known.kept_from_on) as kept_from_on
from (
    select
        account_id,
        metric_id,
        kept_from,
        kept_from_on
    from ops.retention
    union all
    select
        r.account_id,
        m.metric_id,
        r.kept_from,
        r.kept_from_on
    from ops.retention as r
    inner join mart.metric_role as m on r.account_id = m.account_id and m.channel is not null
    where r.event_class = 'engagement'
) as known
group by known.account_id, known.metric_id;

comment on view ops.kept_from is 'One row per metric whose old events are deleted: from when on they are kept, and its facts written anew.';
comment on column ops.kept_from.kept_from is 'Beginning of the first account day whose events are all kept.';
comment on column ops.kept_from.kept_from_on is 'That account day: facts of earlier days are never written anew.';
