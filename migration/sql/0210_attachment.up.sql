-- Files of records. Equal files of a tenant are stored once, by their SHA-256.

create table attachment_content (
    tenant_id uuid not null constraint attachment_content_tenant_fkey references tenant (tenant_id),
    sha256 bytea not null,
    size_bytes integer not null,
    bytes bytea not null,
    constraint attachment_content_pkey primary key (tenant_id, sha256),
    constraint attachment_content_size_known check (size_bytes = octet_length(bytes))
);
-- Images and PDF documents are compressed already.
alter table attachment_content alter column bytes set storage external;

create table attachment (
    tenant_id uuid not null,
    id uuid not null,
    -- The record that it belongs to. Records of these kinds are never deleted.
    record_kind text not null,
    record_id uuid not null,
    sha256 bytea not null,
    filename text not null,
    -- Title of the file, or what the image shows.
    title text,
    -- The order among the files of the record.
    position integer not null,
    content_type text not null,
    -- In pixels. Null: it is no image.
    width integer,
    height integer,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint attachment_pkey primary key (tenant_id, id),
    constraint attachment_content_fkey foreign key (tenant_id, sha256) references attachment_content (tenant_id, sha256)
);
create index attachment_of_record on attachment (tenant_id, record_kind, record_id, position, id);
create index attachment_of_content on attachment (tenant_id, sha256);

-- Bytes of all files of a tenant. The row is locked by each change of them, so that no quota is exceeded.
create table attachment_usage (
    tenant_id uuid not null constraint attachment_usage_tenant_fkey references tenant (tenant_id),
    stored_bytes bigint not null,
    -- Null: the quota of all tenants.
    quota_bytes bigint,
    constraint attachment_usage_pkey primary key (tenant_id)
);
