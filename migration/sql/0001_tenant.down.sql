drop table number_series, event, command, tenant;
