-- One row per number of an order about which an event came, went or changed.
create temporary table stale_order_number (
    order_number text not null
) on commit drop;
