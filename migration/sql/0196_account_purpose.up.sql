-- The purpose of sales for which a rule keeps an account. It stays when the rule is gone, because the entries stay. The next step
-- validates the check.

alter table account
    add column purpose text,
    add constraint account_purpose_known check (purpose in ('revenue', 'returns', 'discount', 'cost_of_goods')) not valid;
