alter table tenant validate constraint tenant_rates_sign;
