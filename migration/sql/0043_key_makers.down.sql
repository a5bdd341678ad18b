-- Nothing to take back: the makers of keys go with their columns, in step 0040.
select;
