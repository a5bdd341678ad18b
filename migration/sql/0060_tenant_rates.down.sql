drop function if exists auth.tenant_rates();
alter table tenant
    drop column rate_burst,
    drop column rate_minute,
    drop column rate_tenant,
    drop column rate_reports;
