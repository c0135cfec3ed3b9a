/*---
id: provider-totals
title: A closed month is what the provider says it is in all
stage: bill
severity: error
parameters:
  closed_after: {default: 10, unit: days, doc: "A month that ended longer ago than this is closed."}
doc: |
  When a month of Alibaba Cloud or of the billing table of Google Cloud is loaded, its charges are compared to the cent with
  the total that the provider tells by itself, and the result is kept as charges-equal-account-bill or
  charges-equal-billing-export, as a warning: a month that is not closed still changes between two questions. Here it is an
  error when a closed month differs: lines are missing or were changed, so collect the charges of that month again. AWS
  tells no such total with its export.
---*/
WITH compared AS (
    SELECT subject, status, message, substring(subject, length(subject) - 14, 7) AS month
    FROM data_tests
    WHERE test IN ('charges-equal-account-bill', 'charges-equal-billing-export')
),
months AS (
    SELECT subject, status, message, month, TRY_CAST(month || '-01' AS DATE) + INTERVAL 1 MONTH AS ended FROM compared
)
SELECT subject,
    CASE WHEN ended IS NULL OR ended >= $closed_after_cutoff THEN 'not_evaluated' WHEN status = 'failed' THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN ended IS NULL THEN 'Which month ' || subject || ' is of is not known.'
        WHEN ended >= $closed_after_cutoff THEN 'The month ' || month || ' is closed ' || amount($closed_after) || ' days after its end, and may change until then.'
        ELSE message END AS message
FROM months
