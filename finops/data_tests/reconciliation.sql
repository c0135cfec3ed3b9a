/*---
id: reconciliation
title: The charges are what was loaded, to the last decimal
stage: bill
severity: error
doc: |
  Compares the charges in the warehouse with what was written down when each part of a bill was loaded: the number of
  rows, billed, effective and list cost, exactly. A difference means that charges were lost, doubled or changed since: load
  the bill again, and report it. Whether the file is what the provider says is checked at loading and kept under the
  names charges-equal-source, charges-equal-account-bill and charges-equal-billing-export.
---*/
WITH recorded AS (
    SELECT source, billing_account_id AS payer, billing_period_start AS period, max(provider) AS provider,
        sum(rows) AS rows, sum(billed_cost) AS billed, sum(effective_cost) AS effective, sum(list_cost) AS list
    FROM bill_partitions
    GROUP BY source, billing_account_id, billing_period_start
),
held AS (
    SELECT x_Source AS source, BillingAccountId AS payer, BillingPeriodStart AS period, max(ProviderName) AS provider,
        count(*) AS rows, sum(BilledCost) AS billed, sum(EffectiveCost) AS effective, sum(ListCost) AS list
    FROM charges
    GROUP BY x_Source, BillingAccountId, BillingPeriodStart
),
compared AS (
    SELECT coalesce(r.payer, h.payer, 'no account') AS payer, coalesce(r.provider, h.provider, 'unknown provider') AS provider,
        coalesce(r.period, h.period) AS period, coalesce(h.rows, 0) AS held_rows, coalesce(r.rows, 0) AS rows,
        coalesce(h.billed, 0) AS held_billed, coalesce(r.billed, 0) AS billed,
        coalesce(h.rows, 0) = coalesce(r.rows, 0) AND coalesce(h.billed, 0) = coalesce(r.billed, 0)
            AND coalesce(h.effective, 0) = coalesce(r.effective, 0) AND coalesce(h.list, 0) = coalesce(r.list, 0) AS same
    FROM recorded AS r
    FULL OUTER JOIN held AS h ON h.source = r.source AND h.payer IS NOT DISTINCT FROM r.payer AND h.period IS NOT DISTINCT FROM r.period
)
SELECT provider || ' ' || payer AS subject,
    CASE WHEN sum(CASE WHEN same THEN 0 ELSE 1 END) > 0 THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN sum(CASE WHEN same THEN 0 ELSE 1 END) > 0
        THEN 'The charges of ' || payer || ' differ from what was loaded in ' || amount(sum(CASE WHEN same THEN 0 ELSE 1 END)) || ' of '
            || counted(count(*), 'part', 'parts') || ', where 0 may: '
            || min(CASE WHEN NOT same THEN strftime(period, '%Y-%m') || ' holds ' || counted(held_rows, 'row', 'rows') || ' and '
                || printf('%.2f', CAST(held_billed AS DOUBLE)) || ', loaded were ' || counted(rows, 'row', 'rows') || ' and '
                || printf('%.2f', CAST(billed AS DOUBLE)) END) || '.'
        ELSE 'The ' || counted(sum(held_rows), 'charge', 'charges') || ' of ' || payer || ' are those that were loaded, in rows and in sums.'
        END AS message
FROM compared
GROUP BY provider, payer
