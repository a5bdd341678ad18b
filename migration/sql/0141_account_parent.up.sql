-- An account may stand below another one. An account that an import of the chart dropped keeps its row.

alter table account add column parent_code text, add column dropped_at timestamptz;
