-- The login that a refresh token belongs to: when it began, the network of its last use, and the program that logged in. Null if the
-- version before made the token.
alter table refresh_token add column began_at timestamptz;
alter table refresh_token add column network text;
alter table refresh_token add column user_agent text;
