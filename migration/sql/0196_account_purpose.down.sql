alter table account drop constraint account_purpose_known, drop column purpose;
