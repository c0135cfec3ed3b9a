/*---
id: commitment-coverage
title: Steady usage is paid on demand
class: rate
action: buy
resource: commitment
stage: rates
parameters:
  min_days: {default: 30, unit: days, doc: "days of hourly usage on the bill, below which nothing is recommended; of a machine by itself, days it has run without a break"}
  min_saving: {default: 10, unit: money a month, doc: "smallest saving of one purchase worth recommending, in the currency of the bill"}
  max_break_even_months: {default: 18, unit: months, doc: "latest month in which usage could stop altogether without the purchase having cost more than paying on demand"}
  risk: {default: medium, unit: word, doc: "low: at most a year and nothing paid upfront; medium: at most a year; high: every term and payment that has a price"}
needs: [commitment_usage]
effort: low
risk: medium
sources:
  - {title: "Savings Plans user guide: how Savings Plans apply to your usage", url: "https://docs.aws.amazon.com/savingsplans/latest/userguide/sp-applying.html"}
  - {title: "EC2 user guide: how Reserved Instances are applied", url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/apply_ri.html"}
  - {title: "Google Cloud: resource-based committed use discounts", url: "https://cloud.google.com/compute/docs/instances/signing-up-committed-use-discounts"}
  - {title: "Alibaba Cloud: change the billing method of an instance to subscription", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/change-the-billing-method-of-an-instance-from-pay-as-you-go-to-subscription"}
traps:
  unsteady-usage: "Usage that comes and goes is not worth a commitment."
  falling-usage: "A commitment that loses money as soon as usage falls a little is none to recommend."
  nested-pools: "Plans for families and a plan for all cover the same usage: they are alternatives."
  last-week-machine: "A machine that was started last week is no steady usage yet."
  daily-bill: "A bill by the day does not tell the hours that a commitment is sized on."
remediation:
  aws:
    compute_plan:
      - "aws savingsplans describe-savings-plans-offerings --plan-types Compute --durations {proposed_seconds} --payment-options {proposed_payment_option}"
      - "aws savingsplans create-savings-plan --savings-plan-offering-id OFFERING_ID --commitment {proposed_hourly_commitment}"
      - "# cannot be undone: a Savings Plan runs for its term, and one of 100 USD an hour or less may be given back within 7 days of the same month."
    instance_plan:
      - "aws savingsplans describe-savings-plans-offerings --plan-types EC2Instance --durations {proposed_seconds} --payment-options {proposed_payment_option} --filters name=region,values={region}"
      - "aws savingsplans create-savings-plan --savings-plan-offering-id OFFERING_ID --commitment {proposed_hourly_commitment}"
      - "# cannot be undone: a Savings Plan runs for its term, and one of 100 USD an hour or less may be given back within 7 days of the same month."
    reserved:
      - "aws ec2 describe-reserved-instances-offerings --region {region} --offering-class standard --offering-type {proposed_payment_option} --min-duration {proposed_seconds} --max-duration {proposed_seconds} --instance-type {proposed_instance_type}"
      - "aws ec2 purchase-reserved-instances-offering --region {region} --reserved-instances-offering-id OFFERING_ID --instance-count {proposed_count}"
      - "# cannot be undone: a Reserved Instance runs for its term, and what is not used can be offered on the marketplace."
  gcp:
    - "gcloud compute commitments create NAME --project {account_id} --region {region} --plan {proposed_plan} --resources {proposed_resources}"
    - "# cannot be undone: a commitment is paid for its whole term, used or not."
  alibaba:
    - "aliyun ecs ModifyInstanceChargeType --region {region} --InstanceIds {proposed_instance_ids} --InstanceChargeType PrePaid --Period {proposed_term_months} --PeriodUnit Month --AutoPay false"
    - "# undo: aliyun ecs ModifyInstanceChargeType --region {region} --InstanceIds {proposed_instance_ids} --InstanceChargeType PostPaid"
doc: |
  Usage that runs hour after hour on demand costs less under a commitment: a Savings Plan or Reserved Instances on AWS, a
  subscription on Alibaba Cloud, resource-based committed use on Google Cloud. Every purchase is sized on the hourly usage
  of the bill that remains after the actions about usage are accepted, and after held commitments have covered what they
  can; docs/commitments.md tells how. Terms and payments of one pool, and pools that lie in each other, are alternatives:
  the one that saves most if usage falls by 10 % is found, and the evidence lists the others.
  It is wrong where the usage of the last weeks does not stay: a commitment is paid whether it is used or not. Before
  buying, ask whether the workload stays for the term: the evidence tells what happens if usage falls by 10, 20 or 30 %,
  and from which month on nothing is lost even if it stops.
---*/
WITH eligible AS (
    SELECT cloud, account_id, resource_id, option_id, level, family_group, payer_group, saving_if_10_less,
        row_number() OVER (
            PARTITION BY cloud, account_id, resource_id ORDER BY saving_if_10_less DESC, term_months, option_id) AS place
    FROM commitment_options
    WHERE coalesce(instrument, '') <> 'second-hand Reserved Instances' AND days >= $min_days AND saving >= $min_saving AND saving_if_10_less > 0
      AND break_even_month <= $max_break_even_months
      AND ($risk = 'high' OR term_months <= 12) AND ($risk <> 'low' OR payment = 'no_upfront' OR term_months = 1)
),
families AS (
    -- One plan for a family against reservations for its parts.
    SELECT cloud, payer_group, family_group, coalesce(sum(CASE WHEN level = 1 THEN saving_if_10_less END), 0) AS narrow,
        coalesce(max(CASE WHEN level = 2 THEN saving_if_10_less END), 0) AS middle
    FROM eligible
    WHERE place = 1 AND level < 3
    GROUP BY cloud, payer_group, family_group
),
payers AS (
    -- And one plan for everything against the best of each family.
    SELECT e.cloud, e.payer_group, coalesce(max(CASE WHEN e.level = 3 THEN e.saving_if_10_less END), 0) AS wide,
        coalesce(max(f.parts), 0) AS parts
    FROM eligible AS e
    LEFT JOIN (
        SELECT cloud, payer_group, sum(greatest(narrow, middle)) AS parts FROM families GROUP BY cloud, payer_group
    ) AS f ON f.cloud = e.cloud AND f.payer_group = e.payer_group
    WHERE e.place = 1
    GROUP BY e.cloud, e.payer_group
),
pools AS (
    SELECT cloud, account_id, region, resource_id, level, family_group, payer_group, max(covers) AS covers,
        max(currency) AS currency, max(instrument) AS instrument, max(problem) AS problem, max(days) AS days
    FROM commitment_options
    WHERE coalesce(instrument, '') <> 'second-hand Reserved Instances' -- told by commitment-marketplace
    GROUP BY cloud, account_id, region, resource_id, level, family_group, payer_group
),
judged AS (
    SELECT p.cloud, p.account_id, p.region, p.resource_id, p.covers, p.currency, p.instrument, p.problem, p.days, e.option_id,
        CASE
            WHEN p.problem IS NOT NULL THEN 'problem'
            WHEN p.days < $min_days AND p.instrument = 'subscription' THEN 'short run'
            WHEN p.days < $min_days THEN 'few days'
            WHEN e.option_id IS NULL THEN 'nothing'
            WHEN p.level = 3 AND w.wide <= w.parts THEN 'narrower'
            WHEN p.level < 3 AND w.wide > w.parts THEN 'wider'
            WHEN p.level = 2 AND f.middle <= f.narrow THEN 'narrower'
            WHEN p.level = 1 AND f.middle > f.narrow THEN 'wider'
            ELSE 'finding'
        END AS what
    FROM pools AS p
    LEFT JOIN eligible AS e ON e.cloud = p.cloud AND e.account_id = p.account_id AND e.resource_id = p.resource_id AND e.place = 1
    LEFT JOIN families AS f ON f.cloud = p.cloud AND f.payer_group = p.payer_group AND f.family_group = p.family_group
    LEFT JOIN payers AS w ON w.cloud = p.cloud AND w.payer_group = p.payer_group
)
SELECT
    j.cloud,
    j.account_id,
    j.region,
    j.resource_id,
    CASE WHEN j.what = 'finding' THEN 'finding' WHEN j.what IN ('problem', 'few days') THEN 'not_evaluated' ELSE 'ok' END AS verdict,
    CASE j.what
        WHEN 'finding' THEN 'On-demand usage of ' || j.covers || ' costs ' || amount(o.usage_month) || ' ' || j.currency
            || ' a month; ' || o.instrument || ' for ' || counted(o.term_months, 'month', 'months') || ' (' || o.commitment || ', '
            || replace(o.payment, '_', ' ') || ') would cover ' || in_percent(o.coverage) || ' of it, be used to '
            || in_percent(o.utilisation) || ' and save ' || amount(o.saving) || ' a month (limit ' || amount($min_saving)
            || '); nothing is lost from month ' || amount(o.break_even_month) || ' on (limit ' || amount($max_break_even_months) || ').'
        WHEN 'problem' THEN j.problem
        WHEN 'few days' THEN 'There are ' || counted(floor(j.days), 'day', 'days') || ' of hourly usage on the bill for ' || j.covers
            || ' (needed: ' || amount($min_days) || ').'
        WHEN 'short run' THEN 'It has run without a break for ' || counted(floor(j.days), 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'narrower' THEN 'Commitments for parts of this usage save more if usage falls by 10 %.'
        WHEN 'wider' THEN 'A commitment that covers more than this usage saves more if usage falls by 10 %.'
        ELSE 'No commitment for ' || j.covers || ' saves ' || amount($min_saving) || ' ' || j.currency
            || ' a month and is paid back by month ' || amount($max_break_even_months) || ' at ' || $risk || ' risk.'
    END AS reason,
    'commitment' AS components,
    CASE WHEN o.saving_if_20_less > 0 THEN 'high' WHEN o.saving_if_10_less > 0 THEN 'medium' END AS confidence,
    CASE WHEN o.saving_if_20_less <= 0 THEN 'it would lose money if usage fell by 20 %' END AS confidence_reason,
    CASE
        WHEN j.cloud <> 'aws' THEN NULL
        WHEN o.level = 3 THEN 'compute_plan'
        WHEN o.level = 2 THEN 'instance_plan'
        ELSE 'reserved'
    END AS remediation_case,
    j.covers AS current_covers,
    'on_demand' AS current_purchase_model,
    o.option_id AS proposed_option,
    o.instrument AS proposed_instrument,
    o.commitment AS proposed_commitment,
    o.hourly_commitment AS proposed_hourly_commitment,
    o.term_months AS proposed_term_months,
    o.payment AS proposed_payment,
    CASE WHEN j.cloud = 'aws' THEN CAST(o.term_months / 12 * 31536000 AS BIGINT) END AS proposed_seconds,
    CASE o.payment WHEN 'no_upfront' THEN 'No Upfront' WHEN 'partial_upfront' THEN 'Partial Upfront' WHEN 'all_upfront' THEN 'All Upfront' END AS proposed_payment_option,
    CASE WHEN j.cloud = 'aws' AND o.level = 1 THEN o.unit END AS proposed_instance_type,
    CASE WHEN j.cloud = 'aws' AND o.level = 1 THEN o.quantity END AS proposed_count,
    CASE WHEN j.cloud = 'gcp' THEN o.term_months || '-month' END AS proposed_plan,
    CASE WHEN j.cloud = 'gcp' AND o.commitment LIKE '% vCPU and % GiB' THEN 'vcpu='
        || replace(replace(replace(o.commitment, ' vCPU', ''), ' and ', ',memory='), ' GiB', 'GB') END AS proposed_resources,
    CASE WHEN j.cloud = 'alibaba' THEN '["' || replace(j.resource_id, 'subscription/', '') || '"]' END AS proposed_instance_ids,
    o.usage_month AS on_demand_cost_a_month,
    o.covered_month AS covered_on_demand_cost_a_month,
    o.commitment_month AS commitment_cost_a_month,
    o.coverage AS coverage,
    o.utilisation AS utilisation,
    o.upfront AS upfront_payment,
    o.break_even_month AS break_even_month,
    o.payback_month AS payback_month_of_the_upfront_payment,
    o.saving_low AS saving_a_month_low,
    o.saving_high AS saving_a_month_high,
    o.saving_if_10_less AS saving_a_month_if_usage_falls_10_percent,
    o.saving_if_20_less AS saving_a_month_if_usage_falls_20_percent,
    o.saving_if_30_less AS saving_a_month_if_usage_falls_30_percent,
    j.days AS days_of_hourly_usage,
    o.accounts AS share_of_usage_by_account,
    o.price_basis AS commitment_price_from
FROM judged AS j
LEFT JOIN commitment_options AS o ON j.what = 'finding' AND o.cloud = j.cloud AND o.account_id = j.account_id
    AND o.resource_id = j.resource_id AND o.option_id = j.option_id
