/*---
id: commitment-marketplace
title: A second-hand reservation is cheaper than a new one
class: rate
action: buy
resource: commitment
stage: rates
parameters:
  min_days: {default: 30, unit: days, doc: "days of hourly usage on the bill, below which nothing is recommended"}
  min_saving: {default: 10, unit: money a month, doc: "smallest saving of one purchase worth recommending, in the currency of the bill"}
  min_months: {default: 2, unit: months, doc: "an offer with fewer months left is not worth the trouble"}
  max_new_months: {default: 12, unit: months, doc: "new commitments of up to so many months are what it is compared with"}
needs: [commitment_usage, commitment_offers]
effort: medium
risk: medium
sources:
  - {title: "AWS: buying from the Reserved Instance Marketplace", url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ri-market-buying-guide.html"}
  - {title: "EC2 user guide: how Reserved Instances are applied", url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/apply_ri.html"}
traps:
  new-is-cheaper: "A second-hand one that saves less than a new one is no bargain."
  never-both: "What a new reservation covers the second-hand one cannot cover as well: one of the two counts."
  falling-usage: "One that loses money when usage falls by 10 % is a bet."
  few-weeks-left: "An offer that ends next month saves for a month."
  plan-covers-it: "Where a Savings Plan over more of the usage pays off, a reservation for a part of it stands in its way."
  short-history: "Two weeks of usage do not make a term."
not_on:
  alibaba: Subscriptions and savings plans of Alibaba Cloud cannot be sold on, so there is no market for them.
  gcp: Committed use of Google Cloud cannot be sold on, so there is no market for it.
remediation:
  aws:
    - aws ec2 describe-reserved-instances-offerings --region {region} --include-marketplace --reserved-instances-offering-ids {proposed_offer}
    - aws ec2 purchase-reserved-instances-offering --region {region} --reserved-instances-offering-id {proposed_offer} --instance-count {proposed_count}
    - "# cannot be undone: a reservation is paid to its end; a standard one can be sold again in the same marketplace, for what somebody pays."
doc: |
  Finds types whose steady usage, as it remains after rightsizing and after held commitments, would cost less under a
  reservation that somebody sells on AWS's marketplace than under any new one of up to a year: what is asked at once is
  spread over the months that are left, and the quantity is what the hours of the bill use, and no more than is on offer.
  It is an alternative to the purchase that commitment-coverage proposes for the same usage: the one that saves more
  counts, never both. Where a Savings Plan over more of the usage saves money, no second-hand reservation is proposed.
  It is wrong where the usage of the last weeks does not stay: the evidence tells what happens if it falls by 10, 20 or
  30 %. Offers are of the last days and may be sold; the first command tells. Offers of single zones are left out.
---*/
WITH second_hand AS (
    SELECT cloud, account_id, region, resource_id, option_id, family_group, payer_group, covers, currency, days, term_months, payment, commitment, quantity, unit,
        hourly_commitment, usage_month, covered_month, commitment_month, saving, saving_low, saving_high, saving_if_10_less, saving_if_20_less, saving_if_30_less,
        coverage, utilisation, upfront, break_even_month, payback_month, accounts, price_basis,
        row_number() OVER (PARTITION BY cloud, account_id, resource_id
            ORDER BY CASE WHEN term_months >= $min_months THEN 0 ELSE 1 END, saving_if_10_less DESC, term_months, option_id) AS place
    FROM commitment_options
    WHERE instrument = 'second-hand Reserved Instances' AND saving IS NOT NULL
),
fresh AS (
    -- The best new commitment for the same pool.
    SELECT cloud, account_id, resource_id, max(saving_if_10_less) AS saving_if_10_less, max(saving) AS saving, count(*) AS options
    FROM commitment_options
    WHERE instrument <> 'second-hand Reserved Instances' AND saving IS NOT NULL AND term_months <= $max_new_months
    GROUP BY cloud, account_id, resource_id
),
wider AS (
    SELECT cloud, payer_group, max(CASE WHEN level = 2 THEN family_group END) AS family_group, max(CASE WHEN level = 3 THEN 1 ELSE 0 END) AS everything
    FROM commitment_options
    WHERE level > 1 AND saving_if_10_less > 0
    GROUP BY cloud, payer_group, family_group
),
covered AS (
    SELECT s.cloud, s.account_id, s.resource_id, count(*) AS plans
    FROM second_hand AS s
    JOIN wider AS w ON w.cloud = s.cloud AND w.payer_group = s.payer_group AND (w.everything = 1 OR w.family_group = s.family_group)
    WHERE s.place = 1
    GROUP BY s.cloud, s.account_id, s.resource_id
),
judged AS (
    SELECT
        s.cloud, s.account_id, s.region, s.resource_id, s.option_id, s.covers, s.currency, s.days, s.term_months, s.payment, s.commitment, s.quantity, s.unit,
        s.hourly_commitment, s.usage_month, s.covered_month, s.commitment_month, s.saving, s.saving_low, s.saving_high, s.saving_if_10_less, s.saving_if_20_less,
        s.saving_if_30_less, s.coverage, s.utilisation, s.upfront, s.break_even_month, s.payback_month, s.accounts, s.price_basis, f.saving AS new_saving, f.options,
        CASE
            WHEN s.days < $min_days THEN 'few days'
            WHEN s.term_months < $min_months THEN 'nearly over'
            WHEN s.saving < $min_saving THEN 'small'
            WHEN s.saving_if_10_less <= 0 THEN 'a bet'
            WHEN c.plans > 0 THEN 'plan'
            WHEN f.saving_if_10_less >= s.saving_if_10_less THEN 'new'
            ELSE 'cheaper'
        END AS state
    FROM second_hand AS s
    LEFT JOIN fresh AS f ON f.cloud = s.cloud AND f.account_id = s.account_id AND f.resource_id = s.resource_id
    LEFT JOIN covered AS c ON c.cloud = s.cloud AND c.account_id = s.account_id AND c.resource_id = s.resource_id
    WHERE s.place = 1
),
asked AS (
    SELECT cloud, region, offer_id, max(quantity) AS quantity
    FROM commitment_offers
    GROUP BY cloud, region, offer_id
)
SELECT
    j.cloud,
    j.account_id,
    j.region,
    j.resource_id,
    CASE WHEN j.state = 'cheaper' THEN 'finding' WHEN j.state = 'few days' THEN 'not_evaluated' ELSE 'ok' END AS verdict,
    CASE j.state
        WHEN 'cheaper' THEN 'On-demand usage of ' || j.covers || ' costs ' || amount(j.usage_month) || ' ' || j.currency || ' a month; ' || j.commitment
            || ' second-hand for ' || counted(j.term_months, 'month', 'months') || ' would cover ' || in_percent(j.coverage) || ' of it, be used to ' || in_percent(j.utilisation)
            || ' and save ' || amount(j.saving) || ' a month (limit ' || amount($min_saving) || '), '
            || CASE WHEN j.options > 0 THEN 'the best new one of up to ' || counted($max_new_months, 'month', 'months') || ' ' || amount(j.new_saving) ELSE 'and of a new one no price is known' END || '.'
        WHEN 'few days' THEN 'There are ' || counted(floor(j.days), 'day', 'days') || ' of hourly usage on the bill for ' || j.covers || ' (needed: ' || amount($min_days) || ').'
        WHEN 'nearly over' THEN 'What is on offer for ' || j.covers || ' ends in ' || counted(j.term_months, 'month', 'months') || ' (needed: ' || amount($min_months) || ').'
        WHEN 'small' THEN 'A second-hand reservation for ' || j.covers || ' saves ' || amount(j.saving) || ' ' || j.currency || ' a month (needed: ' || amount($min_saving) || ').'
        WHEN 'a bet' THEN 'A second-hand reservation for ' || j.covers || ' would lose money if usage fell by 10 %.'
        WHEN 'plan' THEN 'A Savings Plan that covers more than this usage saves money, which commitment-coverage tells of.'
        ELSE 'A new commitment for the same usage saves ' || amount(j.new_saving) || ' ' || j.currency || ' a month, the best second-hand one ' || amount(j.saving) || '.'
    END AS reason,
    'commitment' AS components,
    CASE WHEN j.saving_if_20_less > 0 THEN 'medium' ELSE 'low' END AS confidence,
    CASE WHEN j.saving_if_20_less > 0 THEN 'the offer may be sold' ELSE 'it would lose money if usage fell by 20 %' END AS confidence_reason,
    j.covers AS current_covers,
    'on_demand' AS current_purchase_model,
    j.option_id AS proposed_option,
    'second-hand Reserved Instances' AS proposed_instrument,
    replace(j.option_id, 'offer ', '') AS proposed_offer,
    j.commitment AS proposed_commitment,
    j.unit AS proposed_instance_type,
    CAST(round(j.quantity) AS BIGINT) AS proposed_count,
    j.hourly_commitment AS proposed_hourly_commitment,
    j.term_months AS proposed_term_months,
    j.payment AS proposed_payment,
    a.quantity AS machines_on_offer,
    j.usage_month AS on_demand_cost_a_month,
    j.covered_month AS covered_on_demand_cost_a_month,
    j.commitment_month AS commitment_cost_a_month,
    j.coverage AS coverage,
    j.utilisation AS utilisation,
    j.upfront AS upfront_payment,
    j.break_even_month AS break_even_month,
    j.payback_month AS payback_month_of_the_upfront_payment,
    j.saving_low AS saving_a_month_low,
    j.saving_high AS saving_a_month_high,
    j.saving_if_10_less AS saving_a_month_if_usage_falls_10_percent,
    j.saving_if_20_less AS saving_a_month_if_usage_falls_20_percent,
    j.saving_if_30_less AS saving_a_month_if_usage_falls_30_percent,
    j.new_saving AS saving_a_month_of_the_best_new_one,
    j.days AS days_of_hourly_usage,
    j.accounts AS share_of_usage_by_account,
    j.price_basis AS commitment_price_from
FROM judged AS j
LEFT JOIN asked AS a ON a.cloud = j.cloud AND a.region = j.region AND j.option_id = 'offer ' || a.offer_id
