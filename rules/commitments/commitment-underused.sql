/*---
id: commitment-underused
title: A commitment is paid and not used
class: rate
action: release
resource: commitment
parameters:
  max_unused: {default: 0.1, unit: ratio, doc: "share that may stay unused before it is worth a word"}
  min_cost: {default: 10, unit: money a month, doc: "smallest waste worth a word, in the currency of the bill, where it is known"}
  min_days: {default: 14, unit: days, doc: "days it must have run before a verdict"}
needs: [commitments, commitment_usage]
effort: medium
risk: low
sources:
  - {title: "AWS: utilisation of Savings Plans and Reserved Instances", url: "https://docs.aws.amazon.com/cost-management/latest/userguide/ce-default-reports.html"}
  - {title: "FOCUS: CommitmentDiscountStatus tells the unused part of a commitment", url: "https://focus.finops.org/focus-specification/"}
  - {title: "AWS: selling Reserved Instances in the Marketplace (standard ones only)", url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ri-market-general.html"}
  - {title: "Google Cloud: commitments that renew themselves", url: "https://cloud.google.com/compute/docs/committed-use-discounts/renew-commitments"}
  - {title: "Alibaba Cloud: resource plans, and what is left of them", url: "https://www.alibabacloud.com/help/en/user-center/resource-plan-overview"}
traps:
  sunk-cost: "What is paid until the end is not saved by giving it up: the saving is not known, and no amount is claimed."
  used-elsewhere: "A plan shared between accounts is used where it covers, whoever bought it."
  bill-says-nothing: "A bill that never tells an unused part does not tell that there is none."
  shared-pool: "Several commitments for one series are used together: what is over is over of all of them."
  on-schedule: "A package that is used up evenly has much left in its first month."
  young: "A commitment of last week may still be filled."
  ended: "What has ended is not paid any more."
remediation:
  aws:
    release:
      - aws savingsplans describe-savings-plans --savings-plan-ids {resource_id}
      - "# cannot be undone: a Savings Plan is paid to its end, unless it is returned within seven days of its purchase; let it end, and buy less."
    sell:
      - aws ec2 create-reserved-instances-listing --region {region} --reserved-instances-id {resource_id} --instance-count COUNT --client-token {resource_id} --price-schedules Term=MONTHS,Price=PRICE,CurrencyCode=USD
      - "# undo: aws ec2 cancel-reserved-instances-listing --region {region} --reserved-instances-listing-id LISTING"
    exchange:
      - aws ec2 get-reserved-instances-exchange-quote --region {region} --reserved-instance-ids {resource_id} --target-configurations OfferingId=OFFERING_ID
      - "# cannot be undone: an exchange starts a new term for the new reservation, so read the quote first."
  alibaba:
    release:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode PRODUCT --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode PRODUCT --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit Y"
  gcp:
    release:
      - gcloud compute commitments update {current_name} --project {account_id} --region {region} --no-auto-renew
      - "# undo: gcloud compute commitments update {current_name} --project {account_id} --region {region} --auto-renew"
doc: |
  Finds held commitments of which more than a tenth is paid for nothing: Savings Plans and Reserved Instances by the unused
  part that the bill tells, resource packages of Alibaba Cloud by what will be left when they end if they go on as they did,
  committed use of Google Cloud by what all its projects used of the series in that region, which is the most that can have
  been covered. What is bought is paid to its end, so that no saving is claimed: the finding tells the waste. What can be
  done: let other usage move under it (another size of the family, another project or account, the region it is for), sell a
  standard reservation or exchange a convertible one on AWS, and switch off its renewal, so that less is bought next time.
  It is wrong while a migration is on its way to fill it, and where a commitment is held for its capacity. On Alibaba Cloud
  bills do not tell the unused part of savings plans; these are not judged.
---*/
WITH series (scope, family) AS (
    -- What Google calls the series of a commitment, where it is not the last part of the word.
    VALUES ('GENERAL_PURPOSE', 'n1'), ('COMPUTE_OPTIMIZED', 'c2'), ('MEMORY_OPTIMIZED', 'm1')
),
cores AS (
    -- Committed use: how much is held and how much all projects used on average, by region, series and kind.
    SELECT c.region, c.scope, c.unit, sum(c.quantity) AS held
    FROM commitments AS c
    WHERE c.cloud = 'gcp' AND c.kind = 'committed_use' AND c.state = 'active' AND c.unit IN ('vCPU', 'GiB') AND c.started_at <= $min_days_cutoff AND c.ends_at > $as_of
    GROUP BY c.region, c.scope, c.unit
),
told_hours AS (
    SELECT payer, sum(hours) AS hours
    FROM commitment_usage
    WHERE cloud = 'gcp' AND service = 'bill'
    GROUP BY payer
    HAVING sum(hours) > 0
),
means AS (
    -- What all projects of all bills used of a series on average, each bill over the hours that it tells.
    SELECT u.region, u.sku, sum(u.quantity * u.hours / h.hours) AS used
    FROM commitment_usage AS u
    JOIN told_hours AS h ON h.payer = u.payer
    WHERE u.cloud = 'gcp' AND u.service IN ('core', 'memory') AND u.hours IS NOT NULL
    GROUP BY u.region, u.sku
),
bills AS (
    SELECT min(hours) AS hours FROM told_hours
),
used AS (
    SELECT k.region, k.scope, k.unit, k.held, b.hours, coalesce(m.used, 0) AS used
    FROM cores AS k
    JOIN bills AS b ON b.hours > 0
    LEFT JOIN series AS s ON s.scope = k.scope
    LEFT JOIN means AS m ON m.region = k.region
        AND m.sku = coalesce(s.family, lower(replace(replace(replace(replace(k.scope, 'GENERAL_PURPOSE_', ''), 'COMPUTE_OPTIMIZED_', ''), 'MEMORY_OPTIMIZED_', ''), 'ACCELERATOR_OPTIMIZED_', '')))
            || CASE k.unit WHEN 'vCPU' THEN ':core' ELSE ':memory' END
),
billed AS (
    SELECT cloud, commitment_id, max(currency) AS currency, max(days) AS days, max(CASE WHEN told THEN 1 ELSE 0 END) AS told, sum(cost_month) AS cost_month, sum(unused_month) AS unused_month
    FROM commitment_cost
    GROUP BY cloud, commitment_id
),
shares AS (
    SELECT
        c.cloud, c.account_id, c.region, c.commitment_id, c.kind, c.scope, c.quantity, c.unit, c.remaining, c.started_at, c.ends_at, c.auto_renew, c.name, c.offering,
        b.currency, b.days, b.told, b.cost_month, b.unused_month, g.used, g.held, floor(g.hours / 24) AS usage_days,
        1 - c.remaining / nullif(c.quantity, 0) AS used_share, days_between(c.started_at, $as_of) / nullif(days_between(c.started_at, c.ends_at), 0) AS time_share,
        CASE
            WHEN c.kind = 'resource_package' AND c.remaining IS NULL THEN NULL
            WHEN c.kind = 'resource_package' THEN 1 - least(1, (1 - c.remaining / nullif(c.quantity, 0))
                / nullif(days_between(c.started_at, $as_of) / nullif(days_between(c.started_at, c.ends_at), 0), 0))
            WHEN b.told = 1 AND b.cost_month > 0 THEN b.unused_month / b.cost_month
            WHEN g.held > 0 THEN greatest(0, 1 - g.used / g.held)
        END AS unused
    FROM commitments AS c
    LEFT JOIN billed AS b ON b.cloud = c.cloud AND b.commitment_id = c.commitment_id
    LEFT JOIN used AS g ON c.cloud = 'gcp' AND c.kind = 'committed_use' AND g.region = c.region AND g.scope = c.scope AND g.unit = c.unit
    WHERE c.state = 'active' AND coalesce(c.ends_at > $as_of, TRUE)
),
judged AS (
    SELECT
        cloud, account_id, region, commitment_id, kind, scope, quantity, unit, remaining, ends_at, auto_renew, name, offering, currency, days, cost_month, unused_month,
        used, held, usage_days, used_share, time_share, unused,
        CASE
            WHEN started_at IS NULL OR ends_at IS NULL THEN 'no term'
            WHEN started_at > $min_days_cutoff THEN 'young'
            WHEN unused IS NULL AND kind = 'resource_package' THEN 'no rest'
            WHEN unused IS NULL AND cloud = 'gcp' THEN 'no usage'
            WHEN unused IS NULL AND cost_month > 0 THEN 'not told'
            WHEN unused IS NULL THEN 'not billed'
            WHEN unused <= $max_unused THEN 'used'
            WHEN unused_month < $min_cost AND kind <> 'resource_package' AND cloud <> 'gcp' THEN 'small'
            WHEN kind = 'resource_package' THEN 'package'
            WHEN used IS NOT NULL AND (unused_month IS NULL OR cloud = 'gcp') THEN 'cores'
            ELSE 'bill'
        END AS state
    FROM shares
)
SELECT
    cloud,
    account_id,
    region,
    commitment_id AS resource_id,
    CASE WHEN state IN ('bill', 'package', 'cores') THEN 'finding' WHEN state IN ('used', 'small') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'bill' THEN 'In ' || counted(floor(days), 'day', 'days') || ' of the bill ' || in_percent(unused) || ' of it was paid for nothing (limit ' || in_percent($max_unused)
            || '), ' || amount(unused_month) || ' ' || currency || ' a month; it ends on ' || CAST(CAST(ends_at AS DATE) AS VARCHAR)
            || CASE WHEN auto_renew THEN ' and renews itself' ELSE '' END || '.'
        WHEN 'package' THEN 'After ' || in_percent(time_share) || ' of its time ' || in_percent(used_share) || ' of its ' || amount(quantity) || ' ' || coalesce(unit, 'units')
            || ' is used; if that goes on, ' || in_percent(unused) || ' will be left (limit ' || in_percent($max_unused) || ') when it ends on '
            || CAST(CAST(ends_at AS DATE) AS VARCHAR) || CASE WHEN auto_renew THEN ' and renews itself' ELSE '' END || '.'
        WHEN 'cores' THEN 'In ' || counted(usage_days, 'day', 'days') || ' of the bill ' || amount(used) || ' ' || unit || ' of its series were used in ' || region || ' on average, of '
            || amount(held) || ' ' || unit || ' that are committed: at least ' || in_percent(unused) || ' is paid for nothing (limit ' || in_percent($max_unused)
            || '); it ends on ' || CAST(CAST(ends_at AS DATE) AS VARCHAR) || CASE WHEN auto_renew THEN ' and renews itself' ELSE '' END || '.'
        WHEN 'no term' THEN 'When it began or ends is not known.'
        WHEN 'young' THEN 'It began less than ' || counted($min_days, 'day', 'days') || ' ago.'
        WHEN 'no rest' THEN 'How much of it is left is not known.'
        WHEN 'no usage' THEN 'The bill does not tell how much of its series is used.'
        WHEN 'not told' THEN 'The bill does not tell which part of it is unused.'
        WHEN 'not billed' THEN 'The bill does not name it.'
        WHEN 'used' THEN 'At most ' || in_percent(unused) || ' of it is unused (limit ' || in_percent($max_unused) || ').'
        ELSE 'What is unused of it costs ' || amount(unused_month) || ' ' || currency || ' a month (limit ' || amount($min_cost) || ').'
    END AS reason,
    'commitment' AS components,
    CASE WHEN state = 'bill' THEN 'high' WHEN state = 'cores' THEN 'medium' ELSE 'low' END AS confidence,
    CASE
        WHEN state = 'cores' THEN 'what is used is the mean of all projects, so that more may be unused'
        WHEN state = 'package' THEN 'that it is used up evenly is an assumption'
    END AS confidence_reason,
    CASE
        WHEN cloud = 'aws' AND kind = 'reserved' AND offering = 'convertible' THEN 'exchange'
        WHEN cloud = 'aws' AND kind = 'reserved' THEN 'sell'
    END AS remediation_case,
    kind AS current_kind,
    scope AS current_scope,
    quantity AS current_quantity,
    unit AS current_unit,
    coalesce(name, commitment_id) AS current_name,
    ends_at AS current_end,
    auto_renew AS current_auto_renew,
    'not renewed' AS proposed_state,
    unused AS unused_share,
    unused_month AS unused_cost_a_month,
    cost_month AS cost_a_month,
    currency AS currency_of_the_bill,
    remaining AS left_of_it
FROM judged
