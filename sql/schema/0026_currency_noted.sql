-- What refreshes note, so that a change of the account's currency is seen; and order numbers.
alter table ops.refresh add column currency text;

comment on column ops.refresh.currency is 'The account''s own at that time, in which the revenue of sends was summed; null of refreshes before this was kept.';

-- Klaviyo makes up a $event_id where the sender names none: the second that the event lies in,
-- which is no number.
create or replace function mart.order_number(payload jsonb, occurred_at timestamptz) returns text
language sql immutable parallel safe
as $$
    select coalesce(
        nullif(payload #>> '{event_properties,OrderId}', ''),
        nullif(
            nullif(payload #>> '{event_properties,$event_id}', ''),
            floor(extract(epoch from occurred_at))::bigint::text
        )
    )
$$;
