drop table replenish_setting;
