-- Exchange rates of other currencies: units of the tenant's currency in one unit. A row never changes; of two rows of one currency and
-- day the newer one holds. Only service::exchange_rate writes here.

create table exchange_rate (
    tenant_id uuid not null constraint exchange_rate_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    -- ISO 4217 code.
    currency text not null,
    -- The rate holds from this day until the next one that has a rate.
    valid_from date not null,
    rate numeric(18, 10) not null,
    source text,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint exchange_rate_pkey primary key (tenant_id, id),
    constraint exchange_rate_positive check (rate > 0)
);
create index exchange_rate_by_day on exchange_rate (tenant_id, currency, valid_from, id);
