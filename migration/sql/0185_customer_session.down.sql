-- Commands of customers stay: the check of before is not validated.
alter table command
    drop constraint command_actor_known,
    add constraint command_actor_known check (actor_kind in ('api_key', 'user', 'operator', 'worker')) not valid;
drop table customer_session;
