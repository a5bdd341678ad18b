drop table hold_reference;
