drop table period_close;
