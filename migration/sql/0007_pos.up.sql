-- The tills.

create table register (
    tenant_id uuid not null,
    id uuid not null,
    code text not null,
    name text not null,
    location_id uuid not null,
    cash_rounding numeric(18, 4) not null default 0,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint register_pkey primary key (tenant_id, id),
    constraint register_code_key unique (tenant_id, code),
    constraint register_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint register_code_form check (code ~ '^[A-Z0-9]{1,12}$'),
    constraint register_cash_rounding_range check (cash_rounding >= 0)
);

-- A session. It controls cash and groups no postings.
create table pos_session (
    tenant_id uuid not null,
    id uuid not null,
    register_id uuid not null,
    status text not null default 'open',
    opening_float numeric(18, 4) not null,
    counted numeric(18, 4),
    expected numeric(18, 4),
    difference numeric(18, 4),
    opened_at timestamptz not null,
    closed_at timestamptz,
    version integer not null default 1,
    command_id uuid not null,
    constraint pos_session_pkey primary key (tenant_id, id),
    constraint pos_session_register_fkey foreign key (tenant_id, register_id) references register (tenant_id, id),
    constraint pos_session_status_known check (status in ('open', 'closed')),
    constraint pos_session_float_range check (opening_float >= 0),
    constraint pos_session_closed_whole check (
        (status = 'open') = (closed_at is null) and (closed_at is null) = (counted is null)
        and (counted is null) = (expected is null) and (expected is null) = (difference is null)
    )
);
create unique index pos_session_one_open on pos_session (tenant_id, register_id) where status = 'open';
create index pos_session_by_register on pos_session (tenant_id, register_id, id);

create table pos_sale (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    kind text not null,
    register_id uuid not null,
    session_id uuid not null,
    location_id uuid not null,
    customer_id uuid,
    original_id uuid,
    currency text not null,
    country text not null,
    gross numeric(18, 4) not null,
    discount numeric(18, 4) not null,
    net numeric(18, 4) not null,
    tax numeric(18, 4) not null,
    rounding numeric(18, 4) not null default 0,
    total numeric(18, 4) not null,
    cost numeric(18, 4) not null,
    -- Whether a line of it was refunded. A refund locks this row.
    returned boolean not null default false,
    business_date date not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint pos_sale_pkey primary key (tenant_id, id),
    constraint pos_sale_number_key unique (tenant_id, number),
    constraint pos_sale_session_fkey foreign key (tenant_id, session_id) references pos_session (tenant_id, id),
    constraint pos_sale_kind_known check (kind in ('sale', 'refund')),
    constraint pos_sale_adds_up check (net = gross - discount and total = net + tax + rounding)
);
create index pos_sale_by_session on pos_sale (tenant_id, session_id);
create index pos_sale_by_customer on pos_sale (tenant_id, customer_id, id) where customer_id is not null;
create index pos_sale_by_time on pos_sale using brin (business_date, occurred_at) with (autosummarize = on);

-- Tenders of a sale or refund. Cash is net of change; positive in, negative out.
create table tender (
    tenant_id uuid not null,
    sale_id uuid not null,
    line_no integer not null,
    kind text not null,
    amount numeric(18, 4) not null,
    tendered numeric(18, 4),
    change numeric(18, 4),
    reference text,
    constraint tender_pkey primary key (tenant_id, sale_id, line_no),
    constraint tender_sale_fkey foreign key (tenant_id, sale_id) references pos_sale (tenant_id, id),
    constraint tender_kind_known check (kind in ('cash', 'card', 'voucher'))
);

create table cash_move (
    tenant_id uuid not null,
    id uuid not null,
    session_id uuid not null,
    kind text not null,
    amount numeric(18, 4) not null,
    reason text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint cash_move_pkey primary key (tenant_id, id),
    constraint cash_move_session_fkey foreign key (tenant_id, session_id) references pos_session (tenant_id, id),
    constraint cash_move_kind_known check (kind in ('opening_float', 'paid_in', 'paid_out', 'over_short', 'banked'))
);
create index cash_move_by_session on cash_move (tenant_id, session_id);
