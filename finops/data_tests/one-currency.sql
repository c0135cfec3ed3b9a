/*---
id: one-currency
title: A billing account is billed in one currency
stage: bill
severity: error
doc: |
  Counts the currencies of the charges of each billing account. Amounts in two currencies are never added up, so an
  account that changes its currency loses its history: trends, budgets and realised savings begin anew, and a mapping that
  read the wrong column looks the same. Look at which months have which currency. It is wrong where the provider really
  bills one account in two currencies: switch it off for good under [tests.one-currency].
---*/
SELECT x_Cloud || '/' || coalesce(BillingAccountId, x_AccountId) AS subject,
    CASE WHEN count(DISTINCT BillingCurrency) > 1 OR count(BillingCurrency) < count(*) THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN count(BillingCurrency) < count(*) THEN amount(count(*) - count(BillingCurrency)) || ' of ' || counted(count(*), 'charge', 'charges')
            || ' have no currency, where 0 may.'
        WHEN count(DISTINCT BillingCurrency) > 1 THEN 'The charges are in ' || amount(count(DISTINCT BillingCurrency)) || ' currencies, where 1 may be: '
            || min(BillingCurrency) || ' and ' || max(BillingCurrency) || '; the newest is ' || arg_max(BillingCurrency, ChargePeriodStart) || '.'
        ELSE 'Every one of ' || counted(count(*), 'charge', 'charges') || ' is in ' || min(BillingCurrency) || '.' END AS message
FROM charges
GROUP BY x_Cloud, coalesce(BillingAccountId, x_AccountId)
