//! Every test of the whole: one file per area, one program, one database server.

mod stock;
