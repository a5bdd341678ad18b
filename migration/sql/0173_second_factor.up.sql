-- The second factor of a user: codes of an authenticator app (RFC 6238), and recovery codes.
alter table app_user
    -- The secret that the app shares, sealed by a key that is not in the database. Null: the user has no second factor.
    add column second_factor bytea,
    -- Since when logins ask for a code. Null: no code has shown yet that the app has the secret.
    add column second_factor_since timestamptz,
    -- The last step of 30 seconds since 1970 whose code was used. Codes of earlier steps and of this one are rejected.
    add column second_factor_step bigint,
    -- SHA-256 of each recovery code that was not used.
    add column recovery_codes bytea[];
