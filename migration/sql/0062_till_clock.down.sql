drop table till_clock;
