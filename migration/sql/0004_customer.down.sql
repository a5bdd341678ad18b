drop table channel_price_list, customer_account, customer, price_tier, price_rule, price_list;
