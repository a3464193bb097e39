-- What the columns of mart mean, where their tables do not say it themselves.
comment on column mart.metric_role.role is 'What its events mean: received, opened, clicked, bounced, revenue, ...';

comment on column mart.dim_date.day is 'The day, in the account''s time zone.';
comment on column mart.dim_date.week_start is 'Its Monday.';
comment on column mart.dim_date.month_start is 'First day of its month.';
comment on column mart.dim_date.iso_week is 'ISO week, such as 2026-W44.';
comment on column mart.dim_date.weekday is '1 is Monday, 7 is Sunday.';
comment on column mart.dim_date.ends_at is 'First instant of the next day.';

comment on column mart.metric_daily.day is 'Account day of the events.';
comment on column mart.metric_daily.count_events is 'Events; adds up over days and currencies.';
comment on column mart.metric_daily.sum_value is 'Sum of their values, in this currency; null where none has one.';

comment on column mart.orders.metric_id is 'The metric of its event, mapped to revenue.';
comment on column mart.orders.profile_id is 'Who ordered; null of a deleted profile.';
comment on column mart.orders.placed_at is 'When its event happened.';
comment on column mart.orders.day is 'Account day of placed_at.';
comment on column mart.orders.revenue is '$value of its event; null where it has none.';
comment on column mart.orders.currency is 'ISO 4217; the account''s where the event names none.';
comment on column mart.orders.channel is 'email, sms or mobile_push of the message credited; null where none is or it is not known.';
comment on column mart.orders.message_id is 'The message that Klaviyo credits, as in mart.message; null where none.';
comment on column mart.orders.campaign_id is 'The campaign that Klaviyo credits; null where none.';
comment on column mart.orders.flow_id is 'The flow that Klaviyo credits; null where none.';

comment on column mart.fact_revenue.day is 'Account day of the orders.';
comment on column mart.fact_revenue.currency is 'Sums of two currencies are never added.';
comment on column mart.fact_revenue.source is 'Klaviyo''s own attribution: campaign, flow, or none.';
comment on column mart.fact_revenue.channel is 'Channel of the messages credited; empty where there is none.';
comment on column mart.fact_revenue.count_orders is 'Orders; adds up over all columns.';
comment on column mart.fact_revenue.revenue is 'Sum of the orders'' revenue, in this currency.';

comment on column mart.message_recipient.message_id is 'The message, as in mart.message, else as its events name it.';
comment on column mart.message_recipient.sent_at is 'The send: as its events name it, else the receipt or bounce before them.';
comment on column mart.message_recipient.channel is 'email, sms or mobile_push.';
comment on column mart.message_recipient.received_at is 'First receipt; null where it was not received.';
comment on column mart.message_recipient.opened_by_human_at is 'First open that no machine made.';
comment on column mart.message_recipient.clicked_at is 'First click by anyone, programs included.';
comment on column mart.message_recipient.clicked_by_human_at is 'First click that no program made.';
comment on column mart.message_recipient.bounced_at is 'First bounce; null where it did not bounce.';
comment on column mart.message_recipient.unsubscribed_at is 'When the person unsubscribed by it.';
comment on column mart.message_recipient.marked_spam_at is 'When the person marked it as spam.';
comment on column mart.message_recipient.count_opens is 'Opens, machines included.';
comment on column mart.message_recipient.count_clicks is 'Clicks, programs included.';
comment on column mart.message_recipient.count_orders is 'Orders attributed to this send, in any currency.';

comment on column mart.message_performance.message_id is 'The message, as in mart.message, else as its events name it.';
comment on column mart.message_performance.sent_on is 'Account day of the receipts (or the bounces): the send-date basis.';
comment on column mart.message_performance.channel is 'email, sms or mobile_push.';
comment on column mart.message_performance.recipients is 'Distinct profiles that received it or bounced.';
comment on column mart.message_performance.delivered is 'Distinct profiles that received it.';
comment on column mart.message_performance.bounced is 'Distinct profiles that bounced.';
comment on column mart.message_performance.unique_human_opens is 'Distinct profiles with an open that no machine made.';
comment on column mart.message_performance.unique_clicks is 'Distinct profiles that clicked; does not add up over days.';
comment on column mart.message_performance.unique_human_clicks is 'Distinct profiles with a click that no program made.';
comment on column mart.message_performance.unsubscribes is 'Distinct profiles that unsubscribed by it.';
comment on column mart.message_performance.spam_complaints is 'Distinct profiles that marked it as spam.';
comment on column mart.message_performance.opens is 'Opens, machines included; adds up.';
comment on column mart.message_performance.clicks is 'Clicks, programs included; adds up.';
comment on column mart.message_performance.conversions is 'Orders attributed to it; adds up.';
comment on column mart.message_performance.conversion_uniques is 'Distinct profiles with such an order; does not add up over days.';
comment on column mart.message_performance.revenue is 'Of those orders, in the account''s currency.';

comment on column mart.order_event.occurred_at is 'When the event happened.';

comment on column mart.buyer.first_order_at is 'When the first order was placed.';
comment on column mart.buyer.last_order_at is 'When the latest order was placed.';
comment on column mart.buyer.count_orders is 'Orders of any currency.';

comment on column mart.buyer_currency.count_orders is 'Orders in the currency.';

comment on column mart.fact_engagement.channel is 'email, sms or mobile_push.';

comment on column mart.form_daily.count_views is 'Events of looking at the form; adds up.';
comment on column mart.form_daily.count_submits is 'Events of submitting it; adds up.';
comment on column mart.form_daily.count_closes is 'Events of closing it; adds up.';

comment on column mart.message_repeat.is_delivered is 'Counted as delivered on both days.';
comment on column mart.message_repeat.is_bounced is 'Counted as bounced on both days.';
comment on column mart.message_repeat.is_opened is 'Counted as opened, by anybody or any machine, on both days.';
comment on column mart.message_repeat.is_opened_by_human is 'Counted as opened by a human on both days.';
comment on column mart.message_repeat.is_clicked is 'Counted as clicked, by anybody or any machine, on both days.';
comment on column mart.message_repeat.is_clicked_by_human is 'Counted as clicked by a human on both days.';
comment on column mart.message_repeat.is_unsubscribed is 'Counted as unsubscribed on both days.';
comment on column mart.message_repeat.is_marked_spam is 'Counted as marked as spam on both days.';
