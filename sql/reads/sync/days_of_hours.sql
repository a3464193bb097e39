-- One row per UTC hour: the account days on which it begins and ends. They differ where midnight is
-- not at a whole hour of UTC.
--   %(hours)s     such as 2026-06-19 23
--   %(timezone)s  the account's time zone
select
    told.hour,
    ((told.hour || ':00+00')::timestamptz at time zone %(timezone)s)::date::text as first_on,
    ((told.hour || ':59+00')::timestamptz at time zone %(timezone)s)::date::text as last_on
from unnest(%(hours)s::text[]) as told (hour);
