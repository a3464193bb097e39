"""The simulated account itself: who is in it, what is sent and what happens, in columns."""
