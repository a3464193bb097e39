-- Nothing else tells the planner of a table of this transaction.
analyze refresh_event;
