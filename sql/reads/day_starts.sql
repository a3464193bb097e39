-- One row per day: when it begins by the server's own rules of the time zone, as in mart.dim_date.
--   %(timezone)s         the account's
--   %(first)s, %(last)s  account days, both included
select
    d.day::date as day,
    least(
        d.day at time zone %(timezone)s,
        (d.day - interval '1 microsecond') at time zone %(timezone)s + interval '1 microsecond'
    ) as starts_at
from generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') as d (day)
order by d.day;
