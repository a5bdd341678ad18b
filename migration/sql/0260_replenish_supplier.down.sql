drop table replenish_supplier;
