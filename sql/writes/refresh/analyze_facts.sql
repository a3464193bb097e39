-- Tells the planner of the sends and orders just written: of an account that it has not met, it
-- expects a single row, and then walks all sends once for each order.
analyze mart.orders, mart.message_recipient;
