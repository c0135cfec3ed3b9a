/*---
id: cheaper-region
title: The same machine costs less in another region
class: placement
action: move
resource: instance
parameters:
  min_saving: {default: 0.1, unit: ratio, doc: "smallest share of the list price that is left once the added traffic is paid"}
  area: {default: continent, unit: word, doc: "continent: only regions of the same continent and law; anywhere: every region with a price"}
  usd_per_gib: {default: 0.09, unit: USD per GiB, doc: "traffic between two regions, the dearest of the usual continents"}
  cny_per_gib: {default: 0.8, unit: CNY per GiB, doc: "as usd_per_gib, where prices are in CNY"}
  min_days: {default: 14, unit: days, doc: "days of network data before a verdict"}
needs: [instances, volumes, tags, prices, "metrics:network_in_bytes_per_second", "metrics:network_out_bytes_per_second"]
excludes: [idle-instance]
effort: high
risk: high
sources:
  - {title: "OptScale: the same flavour in another region of the continent, at list price (without traffic and latency)", url: "https://github.com/hystax/optscale/blob/integration/bumiworker/bumiworker/modules/recommendations/instance_migration.py"}
  - {title: "AWS: data transfer between regions, from 0.02 (US, Europe) to 0.09 USD per GB (Asia Pacific)", url: "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer"}
  - {title: "Google Cloud: inter-region data transfer, from 0.02 to 0.08 USD per GiB on most continents", url: "https://cloud.google.com/vpc/network-pricing"}
  - {title: "Alibaba Cloud: data transfer between regions (CDT)", url: "https://www.alibabacloud.com/help/en/cdt/product-overview/billing-of-cross-region-data-transfer"}
traps:
  residency: "A tag that says where data must stay decides."
  other-continent: "Another continent is another law and another latency."
  mainland-china: "Mainland China is a law of its own, from both sides."
  talkative: "What it talks with stays behind: the traffic may cost more than the machine saves."
  unknown-traffic: "Unmeasured traffic is not no traffic."
  group-member: "A member of a group moves with its group, or not at all."
  spot: "Spot prices follow no list."
  subscription: "What is paid ahead stays paid where it is."
  other-currency: "Prices in another currency are not compared."
  same-price: "Where it costs about as much elsewhere there is nothing to gain."
remediation:
  aws:
    - aws ec2 create-image --region {region} --instance-id {resource_id} --name backup-{resource_id}
    - aws ec2 wait image-available --region {region} --owners self --filters Name=name,Values=backup-{resource_id}
    - aws ec2 copy-image --region {proposed_region} --source-region {region} --source-image-id IMAGE --name backup-{resource_id}
    - aws ec2 run-instances --region {proposed_region} --image-id COPIED_IMAGE --instance-type {proposed_instance_type} --subnet-id SUBNET --security-group-ids GROUP
    - aws ec2 stop-instances --region {region} --instance-ids {resource_id}
    - "# undo: aws ec2 start-instances --region {region} --instance-ids {resource_id}"
  alibaba:
    move:
      - aliyun ecs CreateImage --region {region} --InstanceId {resource_id} --ImageName backup-{resource_id}
      - aliyun ecs DescribeImages --region {region} --ImageName backup-{resource_id} --Status Creating,Available --waiter expr='Images.Image[0].Status' to=Available timeout=600
      - aliyun ecs CopyImage --region {region} --ImageId IMAGE --DestinationRegionId {proposed_region} --DestinationImageName backup-{resource_id}
      - aliyun ecs RunInstances --region {proposed_region} --ImageId COPIED_IMAGE --InstanceType {proposed_instance_type} --VSwitchId SWITCH --SecurityGroupId GROUP
      - aliyun ecs StopInstance --region {region} --InstanceId {resource_id} --StoppedMode StopCharging
      - "# undo: aliyun ecs StartInstance --region {region} --InstanceId {resource_id}"
  gcp:
    - gcloud compute machine-images create backup-{resource_id} --project {account_id} --source-instance {resource_name} --source-instance-zone {zone}
    - gcloud compute instances create {resource_name}-moved --project {account_id} --zone {proposed_zone} --source-machine-image backup-{resource_id}
    - gcloud compute instances stop {resource_name} --project {account_id} --zone {zone}
    - "# undo: gcloud compute instances start {resource_name} --project {account_id} --zone {zone}"
doc: |
  Finds running machines whose type, with its operating system, has a lower list price in another region of the same
  continent, by more than the traffic would add: all its traffic in both directions is reckoned as if it crossed between
  the regions from then on, at a price at the upper end of the lists, because what it talks with stays behind. Mainland
  China counts as a continent, and so do the regions of AWS for governments. The copy of its disks is paid once, and is
  in the evidence; what disks and snapshots cost there is not in the saving.
  Confidence is low by nature, and it is wrong wherever users are near the machine, where a contract or a law says where
  data are kept (tags that say so are respected, laws without a tag are not known here), and where the machine belongs
  to others that stay. Judge a whole application, not one machine of it: look for many such findings of one application,
  try the latency first, then move all of it. The old machine is only stopped, so that it can be started again.
---*/
WITH prefixes (cloud, prefix, place) AS (
    -- The beginning of a region's id tells its continent; the longest that fits counts.
    VALUES
        ('aws', 'us-', 'north america'), ('aws', 'ca-', 'north america'), ('aws', 'mx-', 'north america'), ('aws', 'us-gov-', 'us government'),
        ('aws', 'sa-', 'south america'), ('aws', 'eu-', 'europe'), ('aws', 'eusc-', 'european sovereign'), ('aws', 'me-', 'middle east'), ('aws', 'il-', 'middle east'),
        ('aws', 'af-', 'africa'), ('aws', 'ap-', 'asia'), ('aws', 'ap-southeast-2', 'oceania'), ('aws', 'ap-southeast-4', 'oceania'),
        ('aws', 'ap-southeast-6', 'oceania'), ('aws', 'cn-', 'mainland china'),
        ('alibaba', 'us-', 'north america'), ('alibaba', 'na-', 'north america'), ('alibaba', 'eu-', 'europe'), ('alibaba', 'me-', 'middle east'),
        ('alibaba', 'ap-', 'asia'), ('alibaba', 'ap-southeast-2', 'oceania'), ('alibaba', 'cn-', 'mainland china'), ('alibaba', 'cn-hongkong', 'asia'),
        ('gcp', 'us-', 'north america'), ('gcp', 'northamerica-', 'north america'), ('gcp', 'southamerica-', 'south america'), ('gcp', 'europe-', 'europe'),
        ('gcp', 'me-', 'middle east'), ('gcp', 'africa-', 'africa'), ('gcp', 'asia-', 'asia'), ('gcp', 'australia-', 'oceania')
),
regions AS (
    SELECT cloud, region FROM listed
    UNION
    SELECT cloud, region FROM instances
),
fitting AS (
    SELECT r.cloud, r.region, p.place, row_number() OVER (PARTITION BY r.cloud, r.region ORDER BY length(p.prefix) DESC) AS nth
    FROM regions AS r
    JOIN prefixes AS p ON p.cloud = r.cloud AND r.region LIKE p.prefix || '%'
),
bound AS (
    SELECT cloud, account_id, region, resource_id, min(key) AS key
    FROM tags
    WHERE resource_type = 'instance' AND lower(replace(replace(key, '_', '-'), ':', '-')) IN ('data-residency', 'residency', 'data-location', 'data-sovereignty', 'sovereignty', 'gdpr', 'pii', 'data-region')
        AND lower(coalesce(value, '')) NOT IN ('', 'no', 'none', 'false', 'any')
    GROUP BY cloud, account_id, region, resource_id
),
network AS (
    -- All it sends and receives in 730 hours, in GiB.
    SELECT cloud, account_id, region, resource_id, sum(avg) * 2628000 / 1073741824 AS gib_month, min(days) AS days, count(*) AS sides
    FROM usage
    WHERE metric IN ('network_in_bytes_per_second', 'network_out_bytes_per_second')
    GROUP BY cloud, account_id, region, resource_id
),
disks AS (
    SELECT cloud, account_id, region, instance_id, sum(size_gib) AS gib
    FROM volumes
    WHERE instance_id IS NOT NULL
    GROUP BY cloud, account_id, region, instance_id
),
machines AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, i.purchase_model, coalesce(i.scaling_group, i.cluster) AS member_of, i.gpu_count,
        i.local_disk_gib, CASE WHEN i.platform IN ('windows', 'rhel', 'suse', 'special') THEN i.platform ELSE 'linux' END AS system, l.price, l.currency, c.place,
        b.key AS bound_by, n.gib_month, n.days, n.sides, d.gib AS disk_gib,
        CASE l.currency WHEN 'USD' THEN $usd_per_gib WHEN 'CNY' THEN $cny_per_gib END AS gib_price
    FROM instances AS i
    LEFT JOIN listed AS l ON l.cloud = i.cloud AND l.region = i.region AND l.sku = i.instance_type
        AND l.platform = CASE WHEN i.platform IN ('windows', 'rhel', 'suse', 'special') THEN i.platform ELSE 'linux' END
    LEFT JOIN fitting AS c ON c.cloud = i.cloud AND c.region = i.region AND c.nth = 1
    LEFT JOIN bound AS b ON b.cloud = i.cloud AND b.account_id = i.account_id AND b.region = i.region AND b.resource_id = i.instance_id
    LEFT JOIN network AS n ON n.cloud = i.cloud AND n.account_id = i.account_id AND n.region = i.region AND n.resource_id = i.instance_id
    LEFT JOIN disks AS d ON d.cloud = i.cloud AND d.account_id = i.account_id AND d.region = i.region AND d.instance_id = i.instance_id
    WHERE i.state = 'running'
),
elsewhere AS (
    SELECT
        m.cloud, m.account_id, m.region, m.instance_id, l.region AS new_region, l.price AS new_price,
        row_number() OVER (PARTITION BY m.cloud, m.account_id, m.region, m.instance_id ORDER BY l.price, l.region) AS nth
    FROM machines AS m
    JOIN listed AS l ON l.cloud = m.cloud AND l.sku = m.instance_type AND l.platform = m.system AND l.region <> m.region AND l.currency = m.currency
    LEFT JOIN fitting AS c ON c.cloud = l.cloud AND c.region = l.region AND c.nth = 1
    WHERE $area = 'anywhere' OR c.place = m.place
),
judged AS (
    SELECT
        m.cloud, m.account_id, m.region, m.instance_id, m.instance_type, m.system, m.member_of, m.bound_by, m.price, m.currency, m.gib_month, m.days, m.disk_gib, m.gib_price, m.place,
        e.new_region, e.new_price, m.gib_month * m.gib_price AS added, (m.price - e.new_price) * 730 AS cheaper,
        CASE
            WHEN m.purchase_model = 'spot' THEN 'spot'
            WHEN m.purchase_model IN ('subscription', 'reserved') THEN 'paid ahead'
            WHEN m.bound_by IS NOT NULL THEN 'residency'
            WHEN m.member_of IS NOT NULL THEN 'member'
            WHEN m.price IS NULL THEN 'no price'
            WHEN m.place IS NULL AND $area <> 'anywhere' THEN 'unknown place'
            WHEN e.new_region IS NULL THEN 'no other price'
            WHEN e.new_price > m.price * (1 - $min_saving) THEN 'same price'
            WHEN m.gpu_count > 0 OR m.local_disk_gib > 0 THEN 'attached'
            WHEN m.purchase_model IS NULL THEN 'model unknown'
            WHEN m.gib_price IS NULL THEN 'no traffic price'
            WHEN m.gib_month * m.gib_price > (m.price * (1 - $min_saving) - e.new_price) * 730 THEN 'talkative'
            WHEN m.days IS NULL OR m.sides < 2 THEN 'unknown traffic'
            WHEN m.days < $min_days THEN 'few days'
            ELSE 'cheaper'
        END AS state
    FROM machines AS m
    LEFT JOIN elsewhere AS e ON e.cloud = m.cloud AND e.account_id = m.account_id AND e.region = m.region AND e.instance_id = m.instance_id AND e.nth = 1
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE
        WHEN state = 'cheaper' THEN 'finding'
        WHEN state IN ('spot', 'paid ahead', 'residency', 'member', 'same price', 'talkative') THEN 'ok'
        ELSE 'not_evaluated'
    END AS verdict,
    CASE state
        WHEN 'cheaper' THEN 'In ' || new_region || ' its type ' || instance_type || ' costs ' || amount(new_price) || ' instead of ' || amount(price) || ' ' || currency
            || ' an hour; with ' || amount(added) || ' ' || currency || ' a month for its ' || amount(gib_month) || ' GiB of traffic that is '
            || in_percent((cheaper - added) / (price * 730)) || ' less (limit ' || in_percent($min_saving) || ').'
        WHEN 'spot' THEN 'It runs as a spot instance, whose price follows no list.'
        WHEN 'paid ahead' THEN 'It is paid for ahead where it is.'
        WHEN 'residency' THEN 'Its tag ' || bound_by || ' says where its data must stay.'
        WHEN 'member' THEN 'It is a member of ' || member_of || ', and moves with it or not at all.'
        WHEN 'no price' THEN 'There is no list price for ' || coalesce(instance_type, 'its type') || ' with ' || system || ' in ' || region || '.'
        WHEN 'unknown place' THEN 'On which continent ' || region || ' lies is not known.'
        WHEN 'no other price' THEN 'No list price in ' || currency || ' is known for ' || instance_type || ' in another region of ' || CASE WHEN $area = 'anywhere' THEN 'the cloud' ELSE place END || '.'
        WHEN 'same price' THEN 'The cheapest other region, ' || new_region || ', costs ' || amount(new_price) || ' instead of ' || amount(price) || ' ' || currency || ' an hour (needed: ' || in_percent($min_saving) || ' less).'
        WHEN 'attached' THEN 'It has GPUs or local disks beside its type, whose price elsewhere is not compared.'
        WHEN 'model unknown' THEN 'How it is paid for is not known.'
        WHEN 'no traffic price' THEN 'What traffic between regions costs in ' || currency || ' is not known.'
        WHEN 'talkative' THEN 'In ' || new_region || ' it would cost ' || amount(cheaper) || ' ' || currency || ' a month less, and its ' || amount(gib_month) || ' GiB of traffic up to ' || amount(added) || ' more.'
        WHEN 'unknown traffic' THEN 'In ' || new_region || ' it would cost less, but its network is not measured in both directions.'
        ELSE 'There is network data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
    END AS reason,
    'compute' AS components,
    'low' AS confidence,
    'who depends on where it is, and which law, is not known' AS confidence_reason,
    region AS current_region,
    instance_type AS current_instance_type,
    new_region AS proposed_region,
    CASE WHEN cloud = 'gcp' THEN new_region || '-b' END AS proposed_zone,
    instance_type AS proposed_instance_type,
    added AS proposed_added_monthly_cost,
    price AS list_price_an_hour,
    new_price AS list_price_an_hour_there,
    gib_month AS traffic_gib_a_month,
    gib_price AS price_of_a_gib_between_regions,
    disk_gib AS disks_to_copy_gib,
    disk_gib * gib_price AS copy_of_its_disks_once
FROM judged
