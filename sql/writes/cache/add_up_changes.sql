-- Adds up noted changes once there are many, so that counting them stays quick.
--   %(most)s  changes kept singly
with gone as (
    delete from ops.data_change
    where (
        select count(*)
        from ops.data_change
    ) > %(most)s
    returning relation, changed_at
)

insert into ops.data_change_total as t (relation, count_changes, last_at)
select
    relation,
    count(*) as count_changes,
    max(changed_at) as last_at
from gone
group by relation
on conflict (relation) do update
    set
        count_changes = t.count_changes + excluded.count_changes,
        last_at = greatest(t.last_at, excluded.last_at);
