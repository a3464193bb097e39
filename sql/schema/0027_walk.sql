-- The sends of a message to a profile are made of the profile's events, which lie all over the
-- table: with what is asked of them in the index, a refresh reads a page and not one for each.
drop index klaviyo.event_by_profile;
create index event_by_profile on klaviyo.event (account_id, profile_id, occurred_at)
include (metric_id, message_ref, sent_at, is_machine_open, is_bot_click);
