/*---
id: previous-generation-instance
title: A newer generation gives the same for less
class: modernise
action: change-type
resource: instance
parameters:
  min_saving: {default: 0.03, unit: ratio, doc: "smallest share of the list price that is worth a restart"}
needs: [instances, instance_types, volumes, prices]
excludes: [idle-instance]
effort: medium
risk: medium
sources:
  - {title: "AWS: previous generation instances, and what to upgrade them to", url: "https://aws.amazon.com/ec2/previous-generation/"}
  - {title: "AWS: compatibility for changing the instance type (architecture, drivers, virtualisation)", url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resize-limitations.html"}
  - {title: "Alibaba Cloud: instance families for which the type can be changed", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/instance-types-that-support-instance-type-changes"}
  - {title: "Google Cloud: changing the machine type; the newest series take other disks", url: "https://cloud.google.com/compute/docs/instances/changing-machine-type-of-stopped-instance"}
traps:
  burstable: "A burstable type is cheaper because it has less of a processor, it is no successor of one that is not."
  other-architecture: "An ARM family is another machine, and another rule's matter."
  local-disks: "A newer family without local disks would lose what they hold."
  less-network: "A successor that carries less traffic is not the same."
  dearer: "A newer family that costs as much or more saves nothing."
  spot: "What spot machines cost says nothing of list prices."
  subscription: "What is paid ahead saves nothing before it ends."
  other-disks: "The newest series of Google take no Persistent Disk, so that changing the type is no change of the type."
  other-system: "With Windows the price of Windows decides, not that of Linux."
  unknown-price: "Without both prices nobody knows whether it costs less."
remediation:
  aws:
    change-type:
      - aws ec2 create-image --region {region} --instance-id {resource_id} --name backup-{resource_id}
      - aws ec2 wait image-available --region {region} --owners self --filters Name=name,Values=backup-{resource_id}
      - aws ec2 stop-instances --region {region} --instance-ids {resource_id}
      - aws ec2 wait instance-stopped --region {region} --instance-ids {resource_id}
      - aws ec2 modify-instance-attribute --region {region} --instance-id {resource_id} --instance-type Value={proposed_instance_type}
      - aws ec2 start-instances --region {region} --instance-ids {resource_id}
      - "# undo, stopped again: aws ec2 modify-instance-attribute --region {region} --instance-id {resource_id} --instance-type Value={current_instance_type}"
    group:
      - aws ec2 create-launch-template-version --region {region} --launch-template-id TEMPLATE --source-version 1 --launch-template-data InstanceType={proposed_instance_type}
      - aws autoscaling start-instance-refresh --region {region} --auto-scaling-group-name {current_scaling_group}
      - "# undo: aws autoscaling rollback-instance-refresh --region {region} --auto-scaling-group-name {current_scaling_group}"
  alibaba:
    change-type:
      - aliyun ecs DescribeResourcesModification --region {region} --ResourceId {resource_id} --DestinationResource InstanceType
      - aliyun ecs StopInstance --region {region} --InstanceId {resource_id} --StoppedMode KeepCharging
      - aliyun ecs DescribeInstanceStatus --region {region} --InstanceId.1 {resource_id} --waiter expr='InstanceStatuses.InstanceStatus[0].Status' to=Stopped timeout=600
      - aliyun ecs ModifyInstanceSpec --region {region} --InstanceId {resource_id} --InstanceType {proposed_instance_type}
      - aliyun ecs StartInstance --region {region} --InstanceId {resource_id}
      - "# undo, stopped again: aliyun ecs ModifyInstanceSpec --region {region} --InstanceId {resource_id} --InstanceType {current_instance_type}"
    group:
      - aliyun ess ModifyScalingConfiguration --region {region} --ScalingConfigurationId CONFIGURATION --InstanceTypes.1 {proposed_instance_type}
      - "# undo: aliyun ess ModifyScalingConfiguration --region {region} --ScalingConfigurationId CONFIGURATION --InstanceTypes.1 {current_instance_type}"
  gcp:
    change-type:
      - gcloud compute instances stop {resource_name} --project {account_id} --zone {zone}
      - gcloud compute instances set-machine-type {resource_name} --project {account_id} --zone {zone} --machine-type {proposed_instance_type}
      - gcloud compute instances start {resource_name} --project {account_id} --zone {zone}
      - "# undo, stopped again: gcloud compute instances set-machine-type {resource_name} --project {account_id} --zone {zone} --machine-type {current_instance_type}"
    group:
      - gcloud compute instances describe {resource_name} --project {account_id} --zone {zone} --format 'yaml(metadata.items)'
      - gcloud compute instance-templates create NEW_TEMPLATE --project {account_id} --machine-type {proposed_instance_type}
      - gcloud compute instance-groups managed rolling-action start-update GROUP --project {account_id} --zone {zone} --version template=NEW_TEMPLATE
      - "# undo: gcloud compute instance-groups managed rolling-action start-update GROUP --project {account_id} --zone {zone} --version template=OLD_TEMPLATE"
doc: |
  Finds running machines whose type has a successor: a family of the same line and architecture with a higher generation,
  at least as many processors and as much memory, the same GPUs, no less of network, disk throughput and local disks
  where that is known, and a lower list price for the same operating system in the same region. Of several the cheapest
  is proposed. Burstable types succeed burstable ones only. Machines on spot or paid ahead are left alone, and so are
  machines with local disks on Alibaba Cloud and Google Cloud, which keep their type for life, and on Google those whose
  disks the newer series does not take.
  It is wrong where software is bound to a processor, where an image lacks the drivers of the newer family (on AWS
  those before the fifth generation know neither ENA nor NVMe; the reason for less confidence says so), and where the
  cloud does not let a machine become that type: on Alibaba Cloud the first command tells. Change the type in a quiet
  hour and watch it for a week. Members of a group are changed through its template.
---*/
WITH unchangeable (cloud) AS (
    -- Clouds where a machine with local disks keeps its type for life.
    VALUES ('alibaba'), ('gcp')
),
exchangeable (family) AS (
    -- Series of Google that take the three usual kinds of Persistent Disk; others would need other disks.
    VALUES ('n1'), ('n2'), ('n2d'), ('e2')
),
persistent AS (
    SELECT cloud, account_id, region, instance_id
    FROM volumes
    WHERE instance_id IS NOT NULL
    GROUP BY cloud, account_id, region, instance_id
    HAVING count(*) = count(*) FILTER (WHERE volume_type IN ('pd-standard', 'pd-balanced', 'pd-ssd'))
),
machines AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, i.purchase_model, coalesce(i.scaling_group, i.cluster) AS member_of,
        i.scaling_group, greatest(coalesce(i.local_disk_gib, 0), coalesce(t.local_disk_gib, 0)) AS local_gib, d.instance_id IS NOT NULL AS persistent,
        t.vcpu, t.memory_gib, t.family, t.line, t.generation, t.architecture, coalesce(t.burstable, FALSE) AS burstable, coalesce(t.gpu_count, 0) AS gpus,
        t.gpu_model, coalesce(t.local_disk_gib, 0) AS type_local_gib, t.network_gbps, t.disk_throughput_mib, t.disk_iops,
        CASE WHEN i.platform IN ('windows', 'rhel', 'suse', 'special') THEN i.platform ELSE 'linux' END AS system, l.price, l.currency
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN listed AS l ON l.cloud = i.cloud AND l.region = i.region AND l.sku = i.instance_type
        AND l.platform = CASE WHEN i.platform IN ('windows', 'rhel', 'suse', 'special') THEN i.platform ELSE 'linux' END
    LEFT JOIN persistent AS d ON d.cloud = i.cloud AND d.account_id = i.account_id AND d.region = i.region AND d.instance_id = i.instance_id
    WHERE i.state = 'running'
),
successors AS (
    -- Everything that could take its place, and what speaks against it.
    SELECT
        m.cloud, m.account_id, m.region, m.instance_id, n.instance_type AS new_type, n.family AS new_family, n.generation AS new_generation,
        n.vcpu AS new_vcpu, n.memory_gib AS new_memory, CASE WHEN l.currency = m.currency THEN l.price END AS new_price,
        (m.network_gbps IS NOT NULL AND n.network_gbps IS NULL) OR (m.disk_iops IS NOT NULL AND n.disk_iops IS NULL)
            OR (m.disk_throughput_mib IS NOT NULL AND n.disk_throughput_mib IS NULL) AS unsure,
        CASE
            WHEN n.network_gbps < m.network_gbps OR n.disk_iops < m.disk_iops OR n.disk_throughput_mib < m.disk_throughput_mib THEN 'carries less'
            WHEN coalesce(n.local_disk_gib, 0) < m.type_local_gib THEN 'local disks'
            WHEN m.cloud = 'gcp' AND (NOT m.persistent OR x.family IS NULL) THEN 'other disks'
            WHEN l.price IS NULL OR l.currency <> m.currency THEN 'no price'
            WHEN l.price > m.price * (1 - $min_saving) THEN 'dearer'
            ELSE 'none'
        END AS hurdle
    FROM machines AS m
    JOIN instance_types AS n ON n.cloud = m.cloud AND n.line = m.line AND n.generation > m.generation AND n.architecture = m.architecture
        AND n.vcpu >= m.vcpu AND n.memory_gib >= m.memory_gib AND coalesce(n.gpu_count, 0) = m.gpus
        AND (m.gpus = 0 OR n.gpu_model = m.gpu_model) AND coalesce(n.burstable, FALSE) = m.burstable
        AND n.instance_type NOT LIKE '%custom-%' AND (n.instance_type NOT LIKE '%metal%' OR m.instance_type LIKE '%metal%')
    LEFT JOIN exchangeable AS x ON x.family = n.family
    LEFT JOIN listed AS l ON l.cloud = m.cloud AND l.region = m.region AND l.sku = n.instance_type AND l.platform = m.system
),
best AS (
    -- The cheapest that nothing speaks against, of equal price the least different; else what came furthest.
    SELECT
        cloud, account_id, region, instance_id, new_type, new_family, new_generation, new_vcpu, new_memory, new_price, unsure, hurdle,
        row_number() OVER (
            PARTITION BY cloud, account_id, region, instance_id
            ORDER BY CASE hurdle WHEN 'none' THEN 0 WHEN 'no price' THEN 1 WHEN 'dearer' THEN 2 WHEN 'other disks' THEN 3
                WHEN 'local disks' THEN 4 ELSE 5 END, coalesce(new_price, 1000000000), new_vcpu, new_memory, new_generation DESC, new_type
        ) AS place
    FROM successors
),
judged AS (
    SELECT
        m.cloud, m.account_id, m.region, m.instance_id, m.instance_type, m.family, m.generation, m.vcpu, m.memory_gib, m.member_of, m.scaling_group,
        m.price, m.currency, m.system, s.new_type, s.new_family, s.new_generation, s.new_vcpu, s.new_memory, s.new_price, s.unsure,
        m.cloud = 'aws' AND m.generation < 5 AND m.line IN ('m', 'c', 'r', 't') AND (m.line <> 't' OR m.generation < 3) AS old_drivers,
        CASE
            WHEN m.purchase_model = 'spot' THEN 'spot'
            WHEN m.purchase_model IN ('subscription', 'reserved') THEN 'paid ahead'
            WHEN m.family IS NULL OR m.line IS NULL OR m.generation IS NULL OR m.architecture IS NULL OR m.vcpu IS NULL OR m.memory_gib IS NULL THEN 'unknown type'
            WHEN s.new_type IS NULL THEN 'newest'
            WHEN u.cloud IS NOT NULL AND m.local_gib > 0 THEN 'keeps its type'
            WHEN s.hurdle IN ('carries less', 'local disks', 'other disks') THEN s.hurdle
            WHEN m.price IS NULL THEN 'no own price'
            WHEN s.hurdle <> 'none' THEN s.hurdle
            WHEN m.purchase_model IS NULL THEN 'model unknown'
            ELSE 'older'
        END AS state
    FROM machines AS m
    LEFT JOIN unchangeable AS u ON u.cloud = m.cloud
    LEFT JOIN best AS s ON s.cloud = m.cloud AND s.account_id = m.account_id AND s.region = m.region AND s.instance_id = m.instance_id AND s.place = 1
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE
        WHEN state = 'older' THEN 'finding'
        WHEN state IN ('unknown type', 'no own price', 'no price', 'model unknown') THEN 'not_evaluated'
        ELSE 'ok'
    END AS verdict,
    CASE state
        WHEN 'older' THEN 'Its type ' || instance_type || ' (generation ' || generation || ') has a successor: ' || new_type || ' (generation ' || new_generation || ', '
            || amount(new_vcpu) || ' vCPU, ' || amount(new_memory) || ' GiB) costs ' || amount(new_price) || ' instead of ' || amount(price) || ' ' || currency
            || ' an hour, ' || in_percent(1 - new_price / price) || ' less (limit ' || in_percent($min_saving) || ').'
        WHEN 'spot' THEN 'It runs as a spot instance, whose price follows no list.'
        WHEN 'paid ahead' THEN 'It is paid for ahead: another type saves nothing before that ends.'
        WHEN 'unknown type' THEN 'What its type ' || coalesce(instance_type, '') || ' is, and what succeeds it, is not known.'
        WHEN 'newest' THEN 'No newer generation of ' || family || ' is known with as much of everything.'
        WHEN 'keeps its type' THEN 'It has local disks, and the type of such a machine cannot be changed.'
        WHEN 'carries less' THEN 'The type ' || new_type || ' succeeds ' || instance_type || ' but carries less of network or disk traffic.'
        WHEN 'local disks' THEN 'The type ' || new_type || ' succeeds ' || instance_type || ' but has no local disks of that size.'
        WHEN 'other disks' THEN 'The type ' || new_type || ' succeeds ' || instance_type || ' but does not take its disks.'
        WHEN 'dearer' THEN 'The type ' || new_type || ' succeeds ' || instance_type || ' and costs ' || amount(new_price) || ' instead of ' || amount(price) || ' ' || currency
            || ' an hour (needed: ' || in_percent($min_saving) || ' less).'
        WHEN 'no own price' THEN 'There is no list price for ' || instance_type || ' with ' || system || ' in ' || region || '.'
        WHEN 'no price' THEN 'The type ' || new_type || ' succeeds ' || instance_type || ', but there is no list price for it with ' || system || ' in ' || region || '.'
        ELSE 'How it is paid for is not known.'
    END AS reason,
    'compute' AS components,
    CASE WHEN old_drivers OR unsure OR member_of IS NOT NULL THEN 'medium' ELSE 'high' END AS confidence,
    CASE
        WHEN old_drivers THEN 'an image that began on ' || family || ' may lack the network and disk drivers that ' || new_family || ' needs'
        WHEN unsure THEN 'what ' || new_type || ' always carries of network and disk traffic is not known'
        WHEN member_of IS NOT NULL THEN 'it is a member of ' || member_of || ', whose template decides'
    END AS confidence_reason,
    CASE WHEN member_of IS NOT NULL THEN 'group' END AS remediation_case,
    instance_type AS current_instance_type,
    generation AS current_generation,
    vcpu AS current_vcpu,
    memory_gib AS current_memory_gib,
    coalesce(scaling_group, member_of) AS current_scaling_group,
    new_type AS proposed_instance_type,
    new_generation AS proposed_generation,
    new_vcpu AS proposed_vcpu,
    new_memory AS proposed_memory_gib,
    price AS list_price_an_hour,
    new_price AS list_price_an_hour_of_the_successor
FROM judged
