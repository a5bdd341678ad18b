-- The log of attempts: the request without its signature, and the beginning of the response.

create table webhook_attempt (
    tenant_id uuid not null,
    delivery_id uuid not null,
    number integer not null,
    attempted_at timestamptz not null,
    duration_ms integer not null,
    http_status smallint,
    error text,
    request text not null,
    response text,
    is_cut boolean not null,
    constraint webhook_attempt_pkey primary key (tenant_id, delivery_id, number),
    constraint webhook_attempt_delivery_fkey foreign key (tenant_id, delivery_id) references webhook_delivery (tenant_id, id)
);
