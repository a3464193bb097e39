-- Who may read which accounts, which parts of the program are on, and who changed what.

-- One row per role and account that it may read.
create table ops.account_access (
    grantee text not null,
    account_id text not null,
    granted_by text not null default session_user,
    granted_at timestamptz not null default clock_timestamp(),
    primary key (grantee, account_id)
);

comment on table ops.account_access is 'One row per role and account that its members may read; writers and owners read all of them.';
comment on column ops.account_access.grantee is 'A login, or a role that logins are members of.';
comment on column ops.account_access.account_id is 'The account; * for all, also those that are synced later.';
comment on column ops.account_access.granted_by is 'Login of whoever gave it.';
comment on column ops.account_access.granted_at is 'By the database''s clock.';

-- One row per part of the program that can be turned on and off.
create table ops.feature_flag (
    name text primary key check (name ~ '^[a-z][a-z0-9_]*$'),
    is_on boolean not null,
    changed_by text not null default session_user,
    changed_at timestamptz not null default clock_timestamp()
);

comment on table ops.feature_flag is 'One row per part of the program that was turned on or off.';
comment on column ops.feature_flag.name is 'Of the part, as the code calls it.';
comment on column ops.feature_flag.is_on is 'Whether it is on.';
comment on column ops.feature_flag.changed_by is 'Login of whoever changed it last.';
comment on column ops.feature_flag.changed_at is 'By the database''s clock.';

-- One row per change to what the numbers mean or who may see them, and per export.
create table ops.audit_log (
    audit_id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    login text not null default session_user,
    application text not null default coalesce(current_setting('application_name', true), ''),
    action text not null check (
        action in ('insert', 'update', 'delete', 'truncate', 'grant', 'revoke', 'export')
    ),
    subject text not null,
    account_id text,
    count_rows bigint,
    details jsonb not null default '{}'
);

create index audit_log_by_time on ops.audit_log (at);

comment on table ops.audit_log is 'One row per change to what the numbers mean or who may see them, and per export; append-only, and nothing of a person in it.';
comment on column ops.audit_log.audit_id is 'Grows with every row.';
comment on column ops.audit_log.at is 'By the database''s clock.';
comment on column ops.audit_log.login is 'The login that connected, whichever role it had taken.';
comment on column ops.audit_log.application is 'What the program called itself.';
comment on column ops.audit_log.action is 'insert, update, delete and truncate of a row; grant and revoke of a role; export of rows.';
comment on column ops.audit_log.subject is 'The table, the role, or what was exported.';
comment on column ops.audit_log.account_id is 'The account; null where it is about none or several.';
comment on column ops.audit_log.count_rows is 'Rows exported; null of other actions.';
comment on column ops.audit_log.details is 'The row before and after, or the login that a role was given to.';
