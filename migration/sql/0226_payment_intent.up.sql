-- Providers of card terminals, which report on payments in signed messages.
create table payment_provider (
    tenant_id uuid not null constraint payment_provider_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    name text not null,
    -- Sealed by a key that is not in the database.
    secret bytea not null,
    previous_secret bytea,
    -- Until when signatures of the previous secret are accepted too.
    previous_until timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint payment_provider_pkey primary key (tenant_id, id)
);
-- A message names the provider before its tenant is known.
create index payment_provider_by_id on payment_provider (id);

-- Messages that were handled. A repeat has the same id.
create table payment_provider_event (
    tenant_id uuid not null constraint payment_provider_event_tenant_fkey references tenant (tenant_id),
    provider_id uuid not null,
    event_id text not null,
    received_at timestamptz not null,
    constraint payment_provider_event_pkey primary key (tenant_id, provider_id, event_id)
);
create index payment_provider_event_old on payment_provider_event (tenant_id, provider_id, received_at);

-- Amounts that tills ask card terminals for. The provider may be deleted, so no key refers to it.
create table payment_intent (
    tenant_id uuid not null,
    id uuid not null,
    provider_id uuid not null,
    register_id uuid not null,
    currency text not null,
    amount numeric(18, 4) not null,
    status text not null,
    authorised_amount numeric(18, 4),
    authorised_at timestamptz,
    captured_amount numeric(18, 4),
    card_brand text,
    card_last_four text,
    authorisation_code text,
    terminal_id text,
    expires_at timestamptz not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint payment_intent_pkey primary key (tenant_id, id),
    constraint payment_intent_register_fkey foreign key (tenant_id, register_id) references register (tenant_id, id),
    constraint payment_intent_amount_positive check (
        amount > 0 and coalesce(authorised_amount, 1) > 0 and coalesce(captured_amount, 1) > 0),
    constraint payment_intent_status_known check (
        status in ('created', 'authorised', 'cancelled', 'failed', 'expired', 'captured'))
);
create index payment_intent_of_register on payment_intent (tenant_id, register_id, id);
create index payment_intent_of_status on payment_intent (tenant_id, status, id);

-- Tenders of till sales that are payments on a card terminal. Each pays one sale.
create table tender_payment_intent (
    tenant_id uuid not null,
    payment_intent_id uuid not null,
    sale_id uuid not null,
    line_no integer not null,
    constraint tender_payment_intent_pkey primary key (tenant_id, payment_intent_id),
    constraint tender_payment_intent_line_key unique (tenant_id, sale_id, line_no),
    constraint tender_payment_intent_intent_fkey
        foreign key (tenant_id, payment_intent_id) references payment_intent (tenant_id, id)
);
