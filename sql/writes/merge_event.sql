-- One row: events that were new, and events that had changed.
-- Merges staged_event, which holds each event once, into klaviyo.event; keeps the version that a
-- change replaces; and notes in ops.touched what it changed. All in one statement, so that a
-- refresh can never miss a change, and no lock is taken on events that stay as they are.
--   %(account_id)s      the account
--   %(first)s, %(last)s times of the earliest and the latest staged event, which spare a
--                       hypertable the look into its other chunks
--   %(timezone)s        the account's time zone, in which days are counted
with stored as (
    select
        e.metric_id,
        e.occurred_at,
        e.event_id,
        (
            e.profile_id is distinct from s.profile_id
            or e.attributions is distinct from s.attributions
            or e.currency is distinct from s.currency
            or e.payload is distinct from s.payload
        ) as is_changed,
        -- whose facts no longer hold it
        case
            when
                coalesce(e.profile_id, '') <> coalesce(s.profile_id, '')
                or coalesce(e.message_ref, '') <> coalesce(s.message_ref, '')
                then e.profile_id
        end as left_profile_id
    from klaviyo.event as e
    inner join staged_event as s
        on
            e.metric_id = s.metric_id
            and e.occurred_at = s.occurred_at
            and e.event_id = s.event_id
    where
        e.account_id = %(account_id)s
        and e.occurred_at between %(first)s and %(last)s
),

changed as (
    select
        e.metric_id,
        e.occurred_at,
        e.event_id,
        e.profile_id,
        e.value,
        e.currency,
        e.message_ref,
        e.attributions,
        e.payload,
        e.changed_at,
        stored.left_profile_id
    from stored
    inner join klaviyo.event as e
        on
            stored.metric_id = e.metric_id
            and stored.occurred_at = e.occurred_at
            and stored.event_id = e.event_id
    where
        stored.is_changed
        and e.account_id = %(account_id)s
        and e.occurred_at between %(first)s and %(last)s
),

added as (
    select s.*
    from staged_event as s
    where
        not exists (
            select 1
            from stored
            where
                stored.metric_id = s.metric_id
                and stored.occurred_at = s.occurred_at
                and stored.event_id = s.event_id
        )
        -- what was deleted for its age does not come back
        and not exists (
            select 1
            from ops.kept_from as k
            where
                k.account_id = %(account_id)s
                and k.metric_id = s.metric_id
                and k.kept_from > s.occurred_at
        )
),

-- what was stored before Klaviyo could resolve its metric
resolved as (
    delete from klaviyo.event as e
    using added
    where
        e.account_id = %(account_id)s
        and e.metric_id = ''
        and e.occurred_at between %(first)s and %(last)s
        and e.occurred_at = added.occurred_at
        and e.event_id = added.event_id
        and added.metric_id <> ''
    returning
        e.metric_id,
        e.occurred_at,
        e.event_id,
        e.profile_id,
        e.value,
        e.currency,
        e.message_ref,
        e.attributions,
        e.payload,
        e.changed_at,
        null as left_profile_id,
        e.first_seen_at
),

replaced as (
    insert into klaviyo.event_version (
        account_id,
        metric_id,
        occurred_at,
        event_id,
        seen_from,
        seen_until,
        profile_id,
        value,
        currency,
        attributions,
        payload
    )
    select
        %(account_id)s::text as account_id,
        before.metric_id,
        before.occurred_at,
        before.event_id,
        before.changed_at,
        now() as seen_until,
        before.profile_id,
        before.value,
        before.currency,
        before.attributions,
        before.payload
    from (
        select
            changed.*,
            null::timestamptz as first_seen_at
        from changed
        union all
        select resolved.*
        from resolved
    ) as before
    -- changed twice in one transaction
    on conflict do nothing
),

updated as (
    update klaviyo.event as e
    set
        profile_id = s.profile_id,
        original_profile_id = nullif(coalesce(e.original_profile_id, e.profile_id), s.profile_id),
        value = s.value,
        currency = s.currency,
        is_currency_assumed = s.is_currency_assumed,
        message_ref = s.message_ref,
        flow_id = s.flow_id,
        variation_id = s.variation_id,
        sent_at = s.sent_at,
        is_machine_open = s.is_machine_open,
        is_bot_click = s.is_bot_click,
        attributions = s.attributions,
        payload = s.payload,
        changed_at = now()
    from changed
    inner join staged_event as s
        on
            changed.metric_id = s.metric_id
            and changed.occurred_at = s.occurred_at
            and changed.event_id = s.event_id
    where
        e.account_id = %(account_id)s
        and e.occurred_at between %(first)s and %(last)s
        and e.metric_id = changed.metric_id
        and e.occurred_at = changed.occurred_at
        and e.event_id = changed.event_id
    returning
        e.metric_id,
        e.occurred_at,
        e.message_ref
),

inserted as (
    insert into klaviyo.event (
        account_id,
        metric_id,
        occurred_at,
        event_id,
        profile_id,
        value,
        currency,
        is_currency_assumed,
        message_ref,
        flow_id,
        variation_id,
        sent_at,
        is_machine_open,
        is_bot_click,
        attributions,
        payload,
        first_seen_at
    )
    select
        added.account_id,
        added.metric_id,
        added.occurred_at,
        added.event_id,
        added.profile_id,
        added.value,
        added.currency,
        added.is_currency_assumed,
        added.message_ref,
        added.flow_id,
        added.variation_id,
        added.sent_at,
        added.is_machine_open,
        added.is_bot_click,
        added.attributions,
        added.payload,
        coalesce(resolved.first_seen_at, now()) as first_seen_at
    from added
    left join resolved
        on
            added.occurred_at = resolved.occurred_at
            and added.event_id = resolved.event_id
    -- a window beside this one may have brought it meanwhile
    on conflict do nothing
    returning
        metric_id,
        occurred_at,
        message_ref
),

touched as (
    insert into ops.touched (account_id, metric_id, day, message_ref, profile_id)
    select distinct
        %(account_id)s::text as account_id,
        moved.metric_id,
        (moved.occurred_at at time zone %(timezone)s)::date as day,
        coalesce(moved.message_ref, '') as message_ref,
        coalesce(moved.left_profile_id, '') as profile_id
    from (
        select
            inserted.metric_id,
            inserted.occurred_at,
            inserted.message_ref,
            null as left_profile_id
        from inserted
        union all
        select
            updated.metric_id,
            updated.occurred_at,
            updated.message_ref,
            null as left_profile_id
        from updated
        union all
        select
            changed.metric_id,
            changed.occurred_at,
            changed.message_ref,
            changed.left_profile_id
        from changed
        union all
        select
            resolved.metric_id,
            resolved.occurred_at,
            resolved.message_ref,
            resolved.left_profile_id
        from resolved
    ) as moved
)

select
    (select count(*) from inserted) - (select count(*) from resolved) as new,
    (select count(*) from updated) + (select count(*) from resolved) as changed;
