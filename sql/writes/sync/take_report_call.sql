-- Takes one request from the day's budget of an endpoint: one row when there was one to take, none
-- when the budget is used up or Klaviyo said to wait.
--   %(at)s       Klaviyo's clock
--   %(most)s     requests that may be made on a day
--   %(allowed)s  requests that Klaviyo allows on it
insert into ops.rate_budget as budget (account_id, endpoint, day, calls, allowed)
select
    %(account_id)s,
    %(endpoint)s,
    (%(at)s::timestamptz at time zone 'UTC')::date as day,
    1 as calls,
    %(allowed)s
where
    not exists (
        select 1
        from ops.rate_budget as said
        where
            said.account_id = %(account_id)s
            and said.endpoint = %(endpoint)s
            and said.refused_until > %(at)s
    )
on conflict (account_id, endpoint, day) do update
    set calls = budget.calls + 1, allowed = excluded.allowed
    where budget.calls < %(most)s
returning calls;
