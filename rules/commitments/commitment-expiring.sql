/*---
id: commitment-expiring
title: A commitment ends soon, or renews itself unused
class: rate
action: buy
resource: commitment
parameters:
  days_ahead: {default: 30, unit: days to come, doc: "how many days before its end a commitment is told"}
  max_unused: {default: 0.3, unit: ratio, doc: "one that renews itself should not, when more than this share of it is unused"}
needs: [commitments, commitment_usage]
effort: low
risk: medium
sources:
  - {title: "AWS Trusted Advisor: reserved instances that end within 30 days", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "AWS: queue a Savings Plan for the end of another", url: "https://docs.aws.amazon.com/savingsplans/latest/userguide/purchase-sp-queue.html"}
  - {title: "Google Cloud: commitments that renew themselves", url: "https://cloud.google.com/compute/docs/committed-use-discounts/renew-commitments"}
  - {title: "Alibaba Cloud: renewing a resource plan", url: "https://www.alibabacloud.com/help/en/user-center/resource-plan-overview"}
traps:
  renews-itself: "One that renews itself and is used needs nobody."
  renews-unused: "One that renews itself and is not used is bought again for nothing."
  replaced: "One whose successor is bought already needs none."
  far-away: "One that ends in a year is not told today."
  ended: "One that has ended is not ending."
  what-it-covers-unknown: "Without a bill the end is known and what it costs is not."
remediation:
  aws:
    buy:
      - aws savingsplans describe-savings-plans --savings-plan-ids {resource_id}
      - aws savingsplans create-savings-plan --savings-plan-offering-id OFFERING_ID --commitment COMMITMENT --purchase-time {current_end}
      - "# undo: aws savingsplans delete-queued-savings-plan --savings-plan-id NEW_PLAN"
    reserved:
      - aws ec2 describe-reserved-instances --region {region} --reserved-instances-ids {resource_id}
      - aws ec2 purchase-reserved-instances-offering --region {region} --reserved-instances-offering-id OFFERING_ID --instance-count COUNT --purchase-time {current_end}
      - "# undo: aws ec2 delete-queued-reserved-instances --region {region} --reserved-instances-ids NEW_RESERVATION"
  alibaba:
    buy:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode PRODUCT --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit Y
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode PRODUCT --SubscriptionType Subscription --RenewalStatus NotRenewal"
    end:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode PRODUCT --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode PRODUCT --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit Y"
  gcp:
    buy:
      - gcloud compute commitments update {current_name} --project {account_id} --region {region} --auto-renew
      - "# undo: gcloud compute commitments update {current_name} --project {account_id} --region {region} --no-auto-renew"
    end:
      - gcloud compute commitments update {current_name} --project {account_id} --region {region} --no-auto-renew
      - "# undo: gcloud compute commitments update {current_name} --project {account_id} --region {region} --auto-renew"
doc: |
  Finds held commitments that end within thirty days: from then on what they cover is paid at the price on demand, and
  the reason says how much more a month that is, where the bill tells. One that renews itself is told only when so much
  of it is unused that it should not; what is used and renews itself, and what has a successor already (another
  commitment of the same kind and scope that begins about when it ends), is left alone.
  No saving is claimed: what to buy instead, and how much, is sized on the usage that remains after rightsizing by
  commitment-coverage, and its amount is told there. It is wrong where the workload ends with the commitment; ask before
  you renew. A renewal commits for another whole term, and buying a smaller one is cheaper than renewing a large one.
  Machines by subscription are judged as machines, not here.
---*/
WITH billed AS (
    SELECT cloud, commitment_id, max(currency) AS currency, max(CASE WHEN told THEN 1 ELSE 0 END) AS told, sum(cost_month) AS cost_month,
        sum(unused_month) AS unused_month, sum(list_month) AS list_month
    FROM commitment_cost
    GROUP BY cloud, commitment_id
),
successors AS (
    SELECT c.cloud, c.account_id, c.region, c.commitment_id, min(n.commitment_id) AS successor
    FROM commitments AS c
    JOIN commitments AS n ON n.cloud = c.cloud AND n.account_id = c.account_id AND n.region = c.region AND n.kind = c.kind
        AND coalesce(n.scope, '') = coalesce(c.scope, '') AND coalesce(n.unit, '') = coalesce(c.unit, '') AND n.commitment_id <> c.commitment_id AND n.state <> 'expired'
        AND n.ends_at > c.ends_at AND days_between(n.started_at, c.ends_at) BETWEEN -7 AND $days_ahead
    GROUP BY c.cloud, c.account_id, c.region, c.commitment_id
),
judged AS (
    SELECT
        c.cloud, c.account_id, c.region, c.commitment_id, c.kind, c.scope, c.quantity, c.unit, c.ends_at, c.auto_renew, c.name, s.successor,
        b.currency, b.cost_month, b.unused_month, b.list_month,
        CASE
            WHEN b.told = 1 AND b.cost_month > 0 THEN b.unused_month / b.cost_month
            WHEN c.kind = 'resource_package' THEN c.remaining / nullif(c.quantity, 0)
        END AS unused,
        ceil(days_between($as_of, c.ends_at)) AS days,
        CASE
            WHEN c.ends_at IS NULL THEN 'no end'
            WHEN days_between($as_of, c.ends_at) > $days_ahead THEN 'later'
            WHEN s.successor IS NOT NULL THEN 'replaced'
            WHEN c.auto_renew AND CASE WHEN b.told = 1 AND b.cost_month > 0 THEN b.unused_month / b.cost_month
                WHEN c.kind = 'resource_package' THEN c.remaining / nullif(c.quantity, 0) END > $max_unused THEN 'renews unused'
            WHEN c.auto_renew AND (b.told = 1 OR c.remaining IS NOT NULL) THEN 'renews used'
            WHEN c.auto_renew THEN 'renews unknown'
            ELSE 'ends'
        END AS state
    FROM commitments AS c
    LEFT JOIN billed AS b ON b.cloud = c.cloud AND b.commitment_id = c.commitment_id
    LEFT JOIN successors AS s ON s.cloud = c.cloud AND s.account_id = c.account_id AND s.region = c.region AND s.commitment_id = c.commitment_id
    WHERE c.state = 'active' AND coalesce(c.ends_at > $as_of, TRUE)
)
SELECT
    cloud,
    account_id,
    region,
    commitment_id AS resource_id,
    CASE WHEN state IN ('ends', 'renews unused') THEN 'finding' WHEN state IN ('later', 'replaced', 'renews used') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'ends' THEN 'It ends on ' || CAST(CAST(ends_at AS DATE) AS VARCHAR) || ', in ' || counted(days, 'day', 'days') || ' (limit ' || amount($days_ahead) || ')'
            || CASE WHEN auto_renew IS NULL THEN ', and whether it renews itself is not known' ELSE ' and does not renew itself' END
            || coalesce('; what it covers costs ' || amount(cost_month - unused_month) || ' ' || currency || ' a month and ' || amount(list_month) || ' at the price on demand', '') || '.'
        WHEN 'renews unused' THEN 'It renews itself on ' || CAST(CAST(ends_at AS DATE) AS VARCHAR) || ', in ' || counted(days, 'day', 'days') || ', and ' || in_percent(unused)
            || ' of it is unused (limit ' || in_percent($max_unused) || ').'
        WHEN 'no end' THEN 'When it ends is not known.'
        WHEN 'later' THEN 'It ends on ' || CAST(CAST(ends_at AS DATE) AS VARCHAR) || ', in ' || counted(days, 'day', 'days') || ' (limit ' || amount($days_ahead) || ').'
        WHEN 'replaced' THEN 'Its successor ' || successor || ' is bought already.'
        WHEN 'renews used' THEN 'It renews itself on ' || CAST(CAST(ends_at AS DATE) AS VARCHAR) || ', and ' || in_percent(unused) || ' of it is unused (limit ' || in_percent($max_unused) || ').'
        ELSE 'It renews itself on ' || CAST(CAST(ends_at AS DATE) AS VARCHAR) || ', and how much of it is used is not known.'
    END AS reason,
    'commitment' AS components,
    CASE state WHEN 'renews unused' THEN 'release' ELSE 'buy' END AS action,
    CASE WHEN state = 'renews unused' THEN 'high' WHEN list_month IS NULL THEN 'low' WHEN auto_renew IS NULL THEN 'medium' ELSE 'high' END AS confidence,
    CASE WHEN state = 'renews unused' THEN NULL WHEN list_month IS NULL THEN 'what it covers is not told by the bill'
        WHEN auto_renew IS NULL THEN 'whether it renews itself is not known' END AS confidence_reason,
    CASE WHEN state = 'renews unused' THEN 'end' WHEN cloud = 'aws' AND kind = 'reserved' THEN 'reserved' END AS remediation_case,
    kind AS current_kind,
    scope AS current_scope,
    quantity AS current_quantity,
    unit AS current_unit,
    coalesce(name, commitment_id) AS current_name,
    ends_at AS current_end,
    auto_renew AS current_auto_renew,
    CASE state WHEN 'renews unused' THEN 'not renewed' ELSE 'renewed, or bought anew in the size that is needed' END AS proposed_state,
    days AS days_to_its_end,
    unused AS unused_share,
    cost_month AS cost_a_month,
    list_month AS on_demand_cost_a_month_of_what_it_covers,
    currency AS currency_of_the_bill
FROM judged
