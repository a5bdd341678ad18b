drop table cash_move, tender, pos_sale, pos_session, register;
