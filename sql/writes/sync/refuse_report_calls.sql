-- Notes that Klaviyo said an endpoint's daily quota is used up.
--   %(at)s     Klaviyo's clock
--   %(until)s  when it may be asked again
insert into ops.rate_budget (account_id, endpoint, day, calls, allowed, refused_until)
values (
    %(account_id)s,
    %(endpoint)s,
    (%(at)s::timestamptz at time zone 'UTC')::date,
    0,
    %(allowed)s,
    %(until)s
)
on conflict (account_id, endpoint, day) do update
    set refused_until = excluded.refused_until;
