alter table replenish_setting drop column planned;
