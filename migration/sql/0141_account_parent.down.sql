alter table account drop column dropped_at, drop column parent_code;
