/*---
id: negative-usage
title: Usage does not cost less than nothing
stage: bill
severity: warn
parameters:
  share: {default: 0.001, unit: ratio, doc: "Usage below zero up to this share of all usage of the billing account is let pass."}
doc: |
  Adds up the charges of category Usage that are below zero and no corrections, as FOCUS calls them, beside all usage of
  the same billing account. Credits, refunds and corrections have categories of their own; usage below zero means that a
  mapping took one for the other, or that a sign was lost, and a resource then seems to cost less than it does. Look
  at the lines: finops sql "SELECT * FROM charges WHERE ChargeCategory = 'Usage' AND BilledCost < 0". It is wrong for
  providers that hand a negotiated discount back as negative usage: raise `share`.
---*/
SELECT x_Cloud || '/' || coalesce(BillingAccountId, x_AccountId) || ' ' || coalesce(BillingCurrency, 'no currency') AS subject,
    CASE WHEN sum(CASE WHEN BilledCost < 0 THEN -BilledCost ELSE 0 END) > $share * sum(abs(BilledCost)) THEN 'failed' ELSE 'passed' END AS verdict,
    counted(sum(CASE WHEN BilledCost < 0 THEN 1 ELSE 0 END), 'usage charge is', 'usage charges are') || ' below zero by '
        || printf('%.2f', CAST(sum(CASE WHEN BilledCost < 0 THEN -BilledCost ELSE 0 END) AS DOUBLE)) || ' ' || coalesce(BillingCurrency, '')
        || ', of usage of ' || printf('%.2f', CAST(sum(abs(BilledCost)) AS DOUBLE)) || '; ' || in_percent($share) || ' may be.' AS message
FROM charges
WHERE ChargeCategory = 'Usage' AND coalesce(ChargeClass, '') <> 'Correction' AND BilledCost IS NOT NULL
GROUP BY x_Cloud, coalesce(BillingAccountId, x_AccountId), BillingCurrency
