-- Tells the planner of the orders just written: of an account that it has not met, it expects a
-- single row, and then walks all events about orders once for each.
analyze stale_order_number, mart.order_event, mart.orders;
