-- What the columns of klaviyo mean, where their tables do not say it themselves.
comment on column klaviyo.account.name is 'organization_name, else the id.';

comment on column klaviyo.metric.integration_name is 'Where its events come from, such as Klaviyo, Shopify or API; with the name it says what the metric is.';
comment on column klaviyo.metric.integration_category is 'Klaviyo''s kind of integration, such as Internal or eCommerce.';

comment on column klaviyo.mapped_metric.mapping is 'The meaning: revenue, refunded_sales, started_checkout, viewed_product, ...';
comment on column klaviyo.mapped_metric.metric_id is 'The metric mapped to it; null where it is a custom metric or none.';
comment on column klaviyo.mapped_metric.custom_metric_id is 'The custom metric mapped to it; null where it is a metric or none.';

comment on column klaviyo.metric_name.name is 'One that the metric has had.';
comment on column klaviyo.metric_name.seen_from is 'The first sync that found the name.';

comment on column klaviyo.custom_metric.aggregation_method is 'count, value or unique.';
comment on column klaviyo.custom_metric.metric_ids is 'The metrics it is made of; null where not said.';

comment on column klaviyo.profile.country is 'location.country, as written there.';
comment on column klaviyo.profile.region is 'location.region, as written there.';
comment on column klaviyo.profile.timezone is 'location.timezone: of the person, where days of the account are not counted.';
comment on column klaviyo.profile.last_event_at is 'last_event_date: its latest event, as Klaviyo says.';
comment on column klaviyo.profile.can_receive_sms is 'subscriptions.sms.marketing.can_receive_sms_marketing; null where not asked for.';
comment on column klaviyo.profile.can_receive_push is 'subscriptions.mobile_push.marketing.can_receive_push_marketing; null where not asked for.';
comment on column klaviyo.profile.sms_consent is 'SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED; null where not asked for.';
comment on column klaviyo.profile.push_consent is 'SUBSCRIBED, UNSUBSCRIBED or NEVER_SUBSCRIBED; null where not asked for.';
comment on column klaviyo.profile.email_consent_at is 'When email_consent became what it is.';
comment on column klaviyo.profile.sms_consent_at is 'When sms_consent became what it is.';
comment on column klaviyo.profile.push_consent_at is 'When push_consent became what it is.';
comment on column klaviyo.profile.email_suppressed_at is 'Since when e-mail is held back; null while it is not.';

comment on column klaviyo.profile_personal.email is 'Personal: the address.';
comment on column klaviyo.profile_personal.phone_number is 'Personal: the number, with its country.';
comment on column klaviyo.profile_personal.external_id is 'Personal: how another system of the account calls the person.';
comment on column klaviyo.profile_personal.payload is 'Personal: attributes as received, names and properties among them.';

comment on column klaviyo.profile_prediction.historic_clv is 'Value of the orders so far.';
comment on column klaviyo.profile_prediction.predicted_clv is 'Value of the orders that Klaviyo expects in the year to come.';
comment on column klaviyo.profile_prediction.total_clv is 'The sum of both.';
comment on column klaviyo.profile_prediction.historic_number_of_orders is 'Orders so far.';
comment on column klaviyo.profile_prediction.predicted_number_of_orders is 'Orders that Klaviyo expects in the year to come; a fraction.';
comment on column klaviyo.profile_prediction.average_days_between_orders is 'Days from one order to the next.';
comment on column klaviyo.profile_prediction.average_order_value is 'Value of an order.';
comment on column klaviyo.profile_prediction.churn_probability is 'From 0 to 1: that there is no order any more.';
comment on column klaviyo.profile_prediction.expected_date_of_next_order is 'When Klaviyo expects the next order.';
comment on column klaviyo.profile_prediction.ranked_channel_affinity is 'Channels that the person answers to, the likeliest first.';

comment on column klaviyo.profile_merge.source_profile_id is 'The profile that is gone.';
comment on column klaviyo.profile_merge.target_profile_id is 'The profile that it became part of.';

comment on column klaviyo.membership.group_id is 'The list, as in klaviyo.list, or the segment, as in klaviyo.segment.';

comment on column klaviyo.event.occurred_at is 'When it happened; part of the key, for it never changes.';
comment on column klaviyo.event.flow_id is '$flow: the flow that sent the message it belongs to; null of other events.';
comment on column klaviyo.event.variation_id is '$variation: which variation of a tested message it belongs to; null of other events.';
comment on column klaviyo.event.is_bot_click is 'Clicked by a program; null on other metrics and where not said.';
comment on column klaviyo.event.changed_at is 'When a sync stored this version, by the database''s clock.';

comment on column klaviyo.event_version.occurred_at is 'When it happened.';
comment on column klaviyo.event_version.profile_id is 'The profile it belonged to then.';
comment on column klaviyo.event_version.value is '$value as it was then.';
comment on column klaviyo.event_version.currency is 'Currency as it was then.';
comment on column klaviyo.event_version.attributions is 'Klaviyo''s own attribution as it was then.';
comment on column klaviyo.event_version.payload is 'attributes as received then.';

comment on column klaviyo.campaign.channel is 'email, sms or mobile_push, of its messages; null where none came along.';
comment on column klaviyo.campaign.status is 'Klaviyo''s word: Draft, Scheduled, Sending, Sent, Cancelled, ...';
comment on column klaviyo.campaign.is_archived is 'Put away by the account; it counts all the same.';
comment on column klaviyo.campaign.scheduled_at is 'When sending was planned, not for when.';

comment on column klaviyo.campaign_estimate.recipients is 'estimated_recipient_count.';

comment on column klaviyo.campaign_message.message_id is 'The message; events of e-mail campaigns name the campaign instead.';
comment on column klaviyo.campaign_message.channel is 'email, sms or mobile_push.';
comment on column klaviyo.campaign_message.label is 'Its name within the campaign.';
comment on column klaviyo.campaign_message.subject is 'Subject line of an e-mail; null of other channels.';

comment on column klaviyo.flow.status is 'draft, manual or live.';
comment on column klaviyo.flow.is_archived is 'Put away by the account; it counts all the same.';
comment on column klaviyo.flow.trigger_type is 'What starts it: Added to List, Metric, Date Based, ...';

comment on column klaviyo.flow_action.action_id is 'Klaviyo''s id of the step.';
comment on column klaviyo.flow_action.action_type is 'send-email, time-delay, conditional-split, ...';
comment on column klaviyo.flow_action.status is 'draft, manual or live, of steps that send.';
comment on column klaviyo.flow_action.payload is 'The step as the definition has it.';

comment on column klaviyo.flow_message.message_id is 'The message, as its events name it.';
comment on column klaviyo.flow_message.action_id is 'The step that sends it, as in klaviyo.flow_action.';
comment on column klaviyo.flow_message.channel is 'email, sms, mobile_push, ...: of the step that sends it.';
comment on column klaviyo.flow_message.subject is 'Subject line of an e-mail; null of other channels.';
comment on column klaviyo.flow_message.is_transactional is 'Sent also to those who did not subscribe to marketing.';
comment on column klaviyo.flow_message.payload is 'The message as the definition has it.';

comment on column klaviyo.flow_version.definition is 'The definition as received.';
comment on column klaviyo.flow_version.seen_from is 'The first sync that read it.';

comment on column klaviyo.list.opt_in_process is 'single_opt_in or double_opt_in.';

comment on column klaviyo.segment.is_active is 'Kept up to date by Klaviyo.';
comment on column klaviyo.segment.is_processing is 'Klaviyo was still counting who is in it.';
comment on column klaviyo.segment.is_starred is 'Marked as a favourite by the account.';

comment on column klaviyo.tag_group.is_exclusive is 'A thing carries at most one of its tags.';
comment on column klaviyo.tag_group.is_default is 'The group of tags that name none.';

comment on column klaviyo.template.editor_type is 'What it is edited with: CODE, SYSTEM_DRAGGABLE, ...';

comment on column klaviyo.form.status is 'draft or live.';
comment on column klaviyo.form.is_ab_test is 'Several of its versions are shown, to compare them.';

comment on column klaviyo.form_version.version_id is 'Klaviyo''s id of the version.';
comment on column klaviyo.form_version.variation_name is 'Its name in an A/B test.';
comment on column klaviyo.form_version.form_type is 'popup, flyout, embed, full_screen or banner.';
comment on column klaviyo.form_version.status is 'draft or live.';

comment on column klaviyo.report_value.report is 'The report that told it: campaign_reports, flow_reports, flow_series, form_reports or segment_reports.';
comment on column klaviyo.report_value.statistic is 'Klaviyo''s word: delivered, opens_unique, conversion_value, ...';
comment on column klaviyo.report_value.run_id is 'The sync that was told it.';
comment on column klaviyo.report_value.synced_at is 'When it was stored, by the database''s clock.';
comment on column klaviyo.report_value.campaign_id is 'Of the groupings; null where it is not among them.';
comment on column klaviyo.report_value.flow_id is 'Of the groupings; null where it is not among them.';
comment on column klaviyo.report_value.message_id is 'campaign_message_id or flow_message_id of the groupings.';
comment on column klaviyo.report_value.variation_id is 'variation of the groupings.';
comment on column klaviyo.report_value.send_channel is 'Channel of the message: email, sms, push-notification, ...';
comment on column klaviyo.report_value.form_id is 'Of the groupings; null where it is not among them.';
comment on column klaviyo.report_value.form_version_id is 'Of the groupings; null where it is not among them.';
comment on column klaviyo.report_value.segment_id is 'Of the groupings; null where it is not among them.';
