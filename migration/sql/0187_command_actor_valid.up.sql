alter table command validate constraint command_actor_known;
