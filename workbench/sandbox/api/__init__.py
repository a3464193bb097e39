"""Klaviyo's API over a simulated account: what each endpoint accepts, and what it answers."""
