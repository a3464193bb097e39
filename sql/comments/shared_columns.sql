-- Columns that mean the same wherever they stand get their comment from one place. A comment that
-- a table gives itself stays, and so does one from here: a new wording is a numbered migration.
do $$
declare
    found record;
begin
    for found in
        select
            format('%I.%I.%I', n.nspname, c.relname, a.attname) as name,
            shared.meaning
        from (
            values
                ('account_id', 'The account: ids of two accounts may be equal.'),
                ('metric_id', 'The metric, as in klaviyo.metric.'),
                ('profile_id', 'The profile, as in klaviyo.profile.'),
                ('campaign_id', 'The campaign, as in klaviyo.campaign.'),
                ('flow_id', 'The flow, as in klaviyo.flow.'),
                ('message_id', 'The message, as in mart.message.'),
                ('event_id', 'Klaviyo''s id of the event.'),
                ('list_id', 'The list, as in klaviyo.list.'),
                ('segment_id', 'The segment, as in klaviyo.segment.'),
                ('tag_id', 'The tag, as in klaviyo.tag.'),
                ('tag_group_id', 'The group of tags, as in klaviyo.tag_group.'),
                ('tag_ids', 'The tags it carries; null where not said.'),
                ('template_id', 'The template, as in klaviyo.template.'),
                ('form_id', 'The form, as in klaviyo.form.'),
                ('custom_metric_id', 'The custom metric, as in klaviyo.custom_metric.'),
                ('group_type', 'list or segment.'),
                ('group_id', 'The list or the segment.'),
                ('run_id', 'The sync, as in ops.sync_run.'),
                ('name', 'As the account calls it; may change and repeat.'),
                ('day', 'Account day.'),
                ('currency', 'ISO 4217; sums of two currencies are never added.'),
                ('count_events', 'Events counted; adds up.'),
                ('payload', 'attributes as received.'),
                ('created_at', 'When it was made in Klaviyo.'),
                ('updated_at', 'When it was last changed in Klaviyo, as Klaviyo says.'),
                ('deleted_at', 'The first sync that found it gone; null while it exists.'),
                ('synced_at', 'When a sync last stored a change of it, by the database''s clock.')
        ) as shared (column_name, meaning)
        inner join pg_attribute as a on a.attname = shared.column_name and not a.attisdropped
        inner join pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'p')
        inner join pg_namespace as n on n.oid = c.relnamespace
        where
            n.nspname in ('klaviyo', 'mart', 'model', 'ops')
            and col_description(c.oid, a.attnum) is null
    loop
        execute format('comment on column %s is %L', found.name, found.meaning);
    end loop;
end
$$;
