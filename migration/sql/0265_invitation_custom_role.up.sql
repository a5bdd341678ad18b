-- The custom role that the user will have. There is no foreign key: if it is deleted, the invitation can't be accepted.
alter table invitation add column custom_role_id uuid;
