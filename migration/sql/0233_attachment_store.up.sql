-- The content of a file may be in a store outside of the database. Its row stays here.

alter table attachment_content alter column bytes drop not null;
-- The store that has the content, as bucket and prefix. Null: the content is in the column bytes.
alter table attachment_content add column store text;
alter table attachment_content add constraint attachment_content_in_one_place check ((bytes is null) = (store is not null)) not valid;

-- Objects that may be in a store without a row of attachment_content: before an upload is committed, and after a content is deleted.
-- An upload names its object here before it sends it, and takes the row back in the transaction that adds the file.
create table attachment_orphan (
    tenant_id uuid not null constraint attachment_orphan_tenant_fkey references tenant (tenant_id),
    store text not null,
    sha256 bytea not null,
    -- When it was named last. The object is deleted 15 minutes later.
    since timestamptz not null,
    constraint attachment_orphan_pkey primary key (tenant_id, store, sha256)
);
