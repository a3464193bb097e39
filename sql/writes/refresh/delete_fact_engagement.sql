-- Removes the engagement of days that are written anew.
delete from mart.fact_engagement as f
using stale_engagement_day as s
where
    f.account_id = %(account_id)s
    and f.day = s.day;
