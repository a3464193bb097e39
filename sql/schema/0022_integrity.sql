-- What can never be in a row, and which rows hang on others.
-- What Klaviyo says is stored as it says it: the checks are of what this program makes of it, and
-- sql/checks looks for what is odd in the rest. Events, and the facts made of them, hang on
-- nothing: they may come before their metric and their profile, and a look-up for each row would
-- halve the speed at which they are stored.

-- A parent is read before its children are asked for, and is kept when Klaviyo deletes it.
alter table klaviyo.metric_name
add foreign key (account_id, metric_id) references klaviyo.metric;
alter table klaviyo.campaign_message
add foreign key (account_id, campaign_id) references klaviyo.campaign;
alter table klaviyo.campaign_estimate
add foreign key (account_id, campaign_id) references klaviyo.campaign;
alter table klaviyo.flow_action
add foreign key (account_id, flow_id) references klaviyo.flow;
alter table klaviyo.flow_message
add foreign key (account_id, flow_id) references klaviyo.flow;
alter table klaviyo.flow_version
add foreign key (account_id, flow_id) references klaviyo.flow;
alter table klaviyo.form_version
add foreign key (account_id, form_id) references klaviyo.form;

-- a foreign key has no index of its own
create index campaign_message_by_campaign on klaviyo.campaign_message (account_id, campaign_id);
create index flow_message_by_flow on klaviyo.flow_message (account_id, flow_id);
create index form_version_by_form on klaviyo.form_version (account_id, form_id);

alter table klaviyo.membership
add constraint an_end_lies_between_two_instants
check ((left_after is null) = (left_at is null) and left_after <= left_at);

alter table mart.dim_date
add constraint a_day_has_an_order
check (starts_at < ends_at and week_start <= day and month_start <= day);
alter table mart.metric_daily
add constraint counts_are_of_events
check (count_events > 0 and unique_profiles between 0 and count_events);
alter table mart.orders
add constraint revenue_has_a_currency check (revenue is null or currency <> '');
alter table mart.fact_revenue
add constraint counts_are_not_negative check (count_orders >= 0),
add constraint revenue_has_a_currency check (currency <> '');
alter table mart.message_recipient
add constraint counts_are_not_negative
check (count_opens >= 0 and count_clicks >= 0 and count_orders >= 0);
alter table mart.message_performance
add constraint counts_are_not_negative check (
    bounced >= 0
    and unsubscribes >= 0
    and spam_complaints >= 0
    and unique_human_opens >= 0
    and unique_human_clicks >= 0
    and conversion_uniques >= 0
),
add constraint uniques_are_of_the_delivered check (
    unique_human_opens <= unique_opens
    and unique_human_clicks <= unique_clicks
    and unique_opens <= delivered
    and unique_clicks <= delivered
    and unsubscribes <= delivered
    and spam_complaints <= delivered
    and delivered <= recipients
    and bounced <= recipients
),
add constraint uniques_are_of_events check (
    unique_opens <= opens and unique_clicks <= clicks and conversion_uniques <= conversions
);

alter table mart.fact_engagement
add constraint uniques_are_of_events check (
    unique_received between 0 and received
    and unique_opens between 0 and opens
    and unique_human_opens between 0 and human_opens
    and unique_clicks between 0 and clicks
    and unique_human_clicks between 0 and human_clicks
    and unique_bounces between 0 and bounces
    and unique_unsubscribes between 0 and unsubscribes
    and unique_spam_complaints between 0 and spam_complaints
);
alter table mart.fact_conversions
add constraint counts_are_of_events
check (count_events > 0 and unique_profiles between 0 and count_events);
alter table mart.form_daily
add constraint uniques_are_of_events check (
    unique_viewers between 0 and count_views
    and unique_submitters between 0 and count_submits
    and unique_closers between 0 and count_closes
    and count_anonymous_views between 0 and count_views
);
alter table mart.segment_daily
add constraint counts_are_not_negative
check (count_members >= 0 and count_joined >= 0 and count_left >= 0);
alter table mart.buyer
add constraint orders_have_an_order
check (
    first_order_at <= last_order_at
    and count_orders > 0
    and count_cancelled between 0 and count_orders
    and count_refunded between 0 and count_orders
);
alter table mart.buyer_currency
add constraint there_is_an_order check (count_orders > 0 and currency <> '');

alter table model.forecast_prediction
add constraint an_interval_has_an_order check (lo_80 <= hi_80 and lo_95 <= hi_95);
alter table model.model_performance
add constraint shares_are_fractions
check (n >= 0 and coverage_80 between 0 and 1 and coverage_95 between 0 and 1);

alter table ops.sync_run
add constraint counts_are_not_negative
check (requests >= 0 and rows_read >= 0 and rows_new >= 0 and rows_changed >= 0);
alter table ops.sync_window
add constraint counts_are_not_negative
check (rows_read >= 0 and rows_new >= 0 and rows_changed >= 0);
alter table ops.sync_stream
add constraint counts_are_not_negative
check (
    rows_read >= 0
    and rows_new >= 0
    and rows_changed >= 0
    and requests_refused between 0 and requests
);
alter table ops.proof
add constraint counts_are_not_negative
check (our_count >= 0 and their_count >= 0 and count_found >= 0 and count_gone >= 0);
alter table ops.lateness
add constraint there_is_an_event check (count_events > 0);
alter table ops.drift
add constraint it_was_met check (count > 0);
alter table ops.rate_budget
add constraint counts_are_not_negative check (calls >= 0 and allowed >= 0);
alter table ops.report_window
add constraint counts_are_not_negative check (count_reads >= 0);
alter table ops.request
add constraint counts_are_not_negative
check (milliseconds >= 0 and attempt >= 1 and waited_seconds >= 0);
