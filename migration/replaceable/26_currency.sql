-- The decimals of a currency (ISO 4217). A test in service/src/tenant.rs compares them with those that the server knows.
create or replace function public.currency_decimals(currency text)
returns int
language sql immutable parallel safe
return case
    when currency in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG') then 0
    when currency in ('RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0
    when currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
    when currency in ('CLF', 'UYW') then 4
    else 2
end;
