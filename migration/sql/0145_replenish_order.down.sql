drop table replenish_order;
