-- One row: the task just begun.
insert into ops.maintenance (task, subject, status)
values (%(task)s, %(subject)s, 'running')
returning maintenance_id;
