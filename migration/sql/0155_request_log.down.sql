alter table tenant drop column log_rejected_bodies;
drop table request_log;
