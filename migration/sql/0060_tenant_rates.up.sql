-- Rate limits of a tenant of its own. Null: that of the server's configuration.
alter table tenant
    add column rate_burst integer,
    add column rate_minute integer,
    add column rate_tenant integer,
    add column rate_reports integer,
    add constraint tenant_rates_sign check (least(rate_burst, rate_minute, rate_tenant, rate_reports) > 0) not valid;
