/*---
id: closed-months
title: A closed month is what was invoiced
stage: bill
severity: error
parameters:
  closed_after: {default: 10, unit: days, doc: "A month that ended longer ago than this is closed."}
  share: {default: 0.01, unit: ratio, doc: "How far billed cost and invoices may be apart."}
  months: {default: 3, unit: months, doc: "How many closed months back are looked at."}
doc: |
  Compares the billed cost of every closed month with the part of it that carries the number of an invoice. What is on a
  bill and on no invoice after the month was closed was not asked for, or was loaded before the last delivery: load the
  month again. Bills that name no invoices are not judged. The total that a provider tells by
  itself is looked at by provider-totals. It is wrong where a provider invoices some charges later by contract.
---*/
WITH months AS (
    SELECT x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer, BillingCurrency AS currency,
        date_trunc('month', BillingPeriodStart + INTERVAL 12 HOUR) AS month,
        CAST(sum(BilledCost) AS DOUBLE) AS billed,
        CAST(sum(CASE WHEN InvoiceId IS NOT NULL THEN BilledCost END) AS DOUBLE) AS invoiced,
        count(DISTINCT InvoiceId) AS invoices
    FROM charges
    WHERE x_CostBasis <> 'total' AND BillingPeriodStart IS NOT NULL
    GROUP BY ALL
),
closed AS (
    SELECT cloud, payer, currency, month, billed, coalesce(invoiced, 0) AS invoiced, invoices
    FROM months
    WHERE month + INTERVAL 1 MONTH < $closed_after_cutoff AND date_diff('month', month, $closed_after_cutoff) <= $months
)
SELECT cloud || '/' || payer || ' ' || strftime(month, '%Y-%m') || coalesce(' ' || currency, '') AS subject,
    CASE WHEN invoices = 0 THEN 'not_evaluated' WHEN abs(billed - invoiced) > $share * abs(billed) THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN invoices = 0 THEN 'The bill of ' || strftime(month, '%Y-%m') || ' names no invoice.'
        ELSE printf('%.2f', invoiced) || ' of ' || printf('%.2f', billed) || coalesce(' ' || currency, '') || ' of ' || strftime(month, '%Y-%m')
            || ' are on ' || counted(invoices, 'invoice', 'invoices') || '; they may be apart by ' || in_percent($share) || '.' END AS message
FROM closed
