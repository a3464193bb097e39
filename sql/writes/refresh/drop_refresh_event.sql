-- A view outlives its transaction, and would be in the way of a change of the table.
drop view refresh_event;
