-- Default permissions of each role. Run as superuser or as the creator of the roles, with every migration.

revoke all on schema public from public;
revoke create on schema public from stockwell_app, stockwell_relay;
grant usage, create on schema public to stockwell_owner;
grant usage on schema public to stockwell_app, stockwell_relay, stockwell_lookup;
create schema if not exists bi authorization stockwell_owner;
create schema if not exists auth authorization stockwell_owner;
grant usage on schema bi, auth to stockwell_app;
grant usage on schema auth to stockwell_relay;
grant usage, create on schema auth to stockwell_lookup;
