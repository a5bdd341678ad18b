drop index if exists refresh_token_unused;
