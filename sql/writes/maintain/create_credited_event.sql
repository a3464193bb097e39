-- The events that an order, or another conversion, is credited to: they are kept, because a later
-- refresh of the order looks for them.
create temporary table if not exists credited_event (
    account_id text not null,
    event_id text not null,
    primary key (account_id, event_id)
);
