drop table movement_pack, movement_quarter;
