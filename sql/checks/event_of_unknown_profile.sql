-- Events belong to a profile that was read.
-- One row per profile id of events that klaviyo.profile lacks.
-- Mend: workbench sync
select
    e.account_id,
    e.profile_id,
    count(*) as count_events
from klaviyo.event as e
left join klaviyo.profile as p on e.account_id = p.account_id and e.profile_id = p.profile_id
where e.profile_id is not null and p.profile_id is null
group by e.account_id, e.profile_id;
