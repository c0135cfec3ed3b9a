/*---
id: arm-instance
title: An ARM processor does the same for less
class: modernise
action: change-type
resource: instance
parameters:
  min_saving: {default: 0.1, unit: ratio, doc: "smallest share of the list price that is worth another processor"}
needs: [instances, instance_types, volumes, prices]
excludes: [idle-instance]
effort: high
risk: medium
sources:
  - {title: "AWS Cost Optimization Hub: migrate to Graviton", url: "https://docs.aws.amazon.com/cost-management/latest/userguide/coh-strategies.html"}
  - {title: "AWS Graviton: what runs on it, and how to move", url: "https://github.com/aws/aws-graviton-getting-started/blob/main/transition-guide.md"}
  - {title: "Alibaba Cloud: instance families with Yitian processors", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/overview-of-instance-families"}
  - {title: "Google Cloud: Arm VMs on Compute Engine", url: "https://cloud.google.com/compute/docs/instances/arm-on-compute"}
traps:
  windows: "Windows and licensed systems do not run on the ARM machines of these clouds, or under another licence."
  unknown-system: "What nobody knows the system of may be Windows."
  gpu: "A machine with GPUs is bound to them."
  arm-already: "What runs on ARM already has nothing to gain."
  smaller: "An ARM type with less memory or fewer processors is no equal."
  burstable: "A burstable ARM type is no equal of a type that is not."
  local-disks: "Without local disks of that size what they hold has no place."
  dearer: "An ARM type that costs nearly as much is not worth another processor."
  spot: "What spot machines cost says nothing of list prices."
  subscription: "What is paid ahead saves nothing before it ends."
  other-disks: "The newest ARM series of Google takes no Persistent Disk, so its disks would have to be copied as well."
  unknown-price: "Without both prices nobody knows whether it costs less."
remediation:
  aws:
    change-type:
      - aws ec2 describe-images --region {region} --owners amazon --filters Name=architecture,Values=arm64 Name=state,Values=available
      - aws ec2 run-instances --region {region} --image-id ARM_IMAGE --instance-type {proposed_instance_type} --subnet-id SUBNET --security-group-ids GROUP
      - aws ec2 stop-instances --region {region} --instance-ids {resource_id}
      - "# undo: aws ec2 start-instances --region {region} --instance-ids {resource_id}"
    group:
      - aws ec2 create-launch-template-version --region {region} --launch-template-id TEMPLATE --source-version 1 --launch-template-data ImageId=ARM_IMAGE,InstanceType={proposed_instance_type}
      - aws autoscaling start-instance-refresh --region {region} --auto-scaling-group-name {current_scaling_group}
      - "# undo: aws autoscaling rollback-instance-refresh --region {region} --auto-scaling-group-name {current_scaling_group}"
  alibaba:
    change-type:
      - aliyun ecs DescribeImages --region {region} --Architecture arm64 --ImageOwnerAlias system
      - aliyun ecs RunInstances --region {region} --ImageId ARM_IMAGE --InstanceType {proposed_instance_type} --VSwitchId SWITCH --SecurityGroupId GROUP
      - aliyun ecs StopInstance --region {region} --InstanceId {resource_id} --StoppedMode StopCharging
      - "# undo: aliyun ecs StartInstance --region {region} --InstanceId {resource_id}"
    group:
      - aliyun ess ModifyScalingConfiguration --region {region} --ScalingConfigurationId CONFIGURATION --ImageId ARM_IMAGE --InstanceTypes.1 {proposed_instance_type}
      - "# undo: aliyun ess ModifyScalingConfiguration --region {region} --ScalingConfigurationId CONFIGURATION --ImageId OLD_IMAGE --InstanceTypes.1 {current_instance_type}"
  gcp:
    change-type:
      - gcloud compute instances create {resource_name}-arm --project {account_id} --zone {zone} --machine-type {proposed_instance_type} --image-family debian-12-arm64 --image-project debian-cloud
      - gcloud compute instances stop {resource_name} --project {account_id} --zone {zone}
      - "# undo: gcloud compute instances start {resource_name} --project {account_id} --zone {zone}"
    group:
      - gcloud compute instance-templates create ARM_TEMPLATE --project {account_id} --machine-type {proposed_instance_type} --image ARM_IMAGE
      - gcloud compute instance-groups managed rolling-action start-update GROUP --project {account_id} --zone {zone} --version template=ARM_TEMPLATE
      - "# undo: gcloud compute instance-groups managed rolling-action start-update GROUP --project {account_id} --zone {zone} --version template=OLD_TEMPLATE"
doc: |
  Finds running Linux machines for which an ARM type (Graviton on AWS, Yitian and Ampere on Alibaba Cloud, Axion and T2A
  on Google Cloud) with at least as many processors and as much memory costs less at the
  list prices of its region: never a flat share. GPUs, licensed systems, spot and what is paid ahead
  are left alone; a burstable type takes the place of a burstable one only, network, disk throughput and local disks must
  not be less where they are known, and on Google the disks must be of a kind that the series takes.
  It is wrong where software was built for x86 only: an image from a marketplace, a driver, a library that nobody
  maintains. Nothing in the inventory tells, so confidence is low, medium for members of scaling groups, whose machines
  are made from an image anyway. An ARM machine is another machine: build the image for it, run it beside the old one
  under real load, switch over, and keep the old one stopped until nobody misses it.
---*/
WITH weak (family) AS (
    -- The first generation of Graviton is much slower than what it would take the place of.
    VALUES ('a1')
),
takes_persistent (family) AS (
    -- ARM series of Google that take Persistent Disk.
    VALUES ('t2a')
),
machines AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, i.purchase_model, i.platform, coalesce(i.scaling_group, i.cluster) AS member_of,
        i.scaling_group, t.vcpu, t.memory_gib, t.architecture, coalesce(t.burstable, FALSE) AS burstable,
        greatest(coalesce(i.gpu_count, 0), coalesce(t.gpu_count, 0)) AS gpus, greatest(coalesce(i.local_disk_gib, 0), coalesce(t.local_disk_gib, 0)) AS local_gib,
        t.network_gbps, t.disk_throughput_mib, t.disk_iops, l.price, l.currency
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN listed AS l ON l.cloud = i.cloud AND l.region = i.region AND l.sku = i.instance_type AND l.platform = 'linux'
    WHERE i.state = 'running'
),
disks AS (
    SELECT cloud, account_id, region, instance_id, count(*) AS known, count(*) FILTER (WHERE volume_type IN ('pd-standard', 'pd-balanced', 'pd-ssd')) AS persistent
    FROM volumes
    WHERE instance_id IS NOT NULL
    GROUP BY cloud, account_id, region, instance_id
),
equals AS (
    SELECT
        m.cloud, m.account_id, m.region, m.instance_id, n.instance_type AS new_type, n.vcpu AS new_vcpu, n.memory_gib AS new_memory, n.cpu_model,
        CASE WHEN l.currency = m.currency THEN l.price END AS new_price,
        CASE
            WHEN n.network_gbps < m.network_gbps OR n.disk_iops < m.disk_iops OR n.disk_throughput_mib < m.disk_throughput_mib THEN 'carries less'
            WHEN coalesce(n.local_disk_gib, 0) < m.local_gib THEN 'local disks'
            WHEN m.cloud = 'gcp' AND (p.family IS NULL OR d.known IS NULL OR d.known > d.persistent) THEN 'other disks'
            WHEN l.price IS NULL OR l.currency <> m.currency THEN 'no price'
            WHEN l.price > m.price * (1 - $min_saving) THEN 'dearer'
            ELSE 'none'
        END AS hurdle
    FROM machines AS m
    JOIN instance_types AS n ON n.cloud = m.cloud AND n.architecture = 'arm64' AND n.vcpu >= m.vcpu AND n.memory_gib >= m.memory_gib
        AND n.vcpu <= 2 * m.vcpu AND n.memory_gib <= 2 * m.memory_gib AND coalesce(n.gpu_count, 0) = 0
        AND coalesce(n.burstable, FALSE) = m.burstable AND n.instance_type NOT LIKE '%metal%' AND n.instance_type NOT LIKE '%custom-%'
    LEFT JOIN weak AS w ON w.family = n.family
    LEFT JOIN takes_persistent AS p ON p.family = n.family
    LEFT JOIN disks AS d ON d.cloud = m.cloud AND d.account_id = m.account_id AND d.region = m.region AND d.instance_id = m.instance_id
    LEFT JOIN listed AS l ON l.cloud = m.cloud AND l.region = m.region AND l.sku = n.instance_type AND l.platform = 'linux'
    WHERE m.architecture = 'x86_64' AND w.family IS NULL
),
best AS (
    SELECT
        cloud, account_id, region, instance_id, new_type, new_vcpu, new_memory, cpu_model, new_price, hurdle,
        row_number() OVER (
            PARTITION BY cloud, account_id, region, instance_id
            ORDER BY CASE hurdle WHEN 'none' THEN 0 WHEN 'dearer' THEN 1 WHEN 'other disks' THEN 2 WHEN 'local disks' THEN 3
                WHEN 'carries less' THEN 4 ELSE 5 END, coalesce(new_price, 1000000000), new_vcpu, new_memory, new_type
        ) AS place
    FROM equals
),
judged AS (
    SELECT
        m.cloud, m.account_id, m.region, m.instance_id, m.instance_type, m.platform, m.vcpu, m.memory_gib, m.price, m.currency, m.member_of, m.scaling_group,
        s.new_type, s.new_vcpu, s.new_memory, s.cpu_model, s.new_price,
        CASE
            WHEN m.purchase_model = 'spot' THEN 'spot'
            WHEN m.purchase_model IN ('subscription', 'reserved') THEN 'paid ahead'
            WHEN m.architecture = 'arm64' THEN 'ARM already'
            WHEN m.gpus > 0 THEN 'GPU'
            WHEN m.platform IN ('windows', 'rhel', 'suse', 'special') THEN 'licensed'
            WHEN m.architecture IS NULL OR m.vcpu IS NULL OR m.memory_gib IS NULL THEN 'unknown type'
            WHEN m.platform IS NULL OR m.platform <> 'linux' THEN 'unknown system'
            WHEN m.price IS NULL THEN 'no own price'
            WHEN s.new_type IS NULL THEN 'no equal'
            WHEN s.hurdle <> 'none' THEN s.hurdle
            WHEN m.purchase_model IS NULL THEN 'model unknown'
            ELSE 'cheaper'
        END AS state
    FROM machines AS m
    LEFT JOIN best AS s ON s.cloud = m.cloud AND s.account_id = m.account_id AND s.region = m.region AND s.instance_id = m.instance_id AND s.place = 1
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE
        WHEN state = 'cheaper' THEN 'finding'
        WHEN state IN ('unknown type', 'unknown system', 'no own price', 'no price', 'model unknown') THEN 'not_evaluated'
        ELSE 'ok'
    END AS verdict,
    CASE state
        WHEN 'cheaper' THEN 'The type ' || new_type || ', with ARM processors, has ' || amount(new_vcpu) || ' vCPU and ' || amount(new_memory) || ' GiB (now '
            || amount(vcpu) || ' and ' || amount(memory_gib) || ') and costs ' || amount(new_price) || ' instead of ' || amount(price) || ' ' || currency
            || ' an hour, ' || in_percent(1 - new_price / price) || ' less (limit ' || in_percent($min_saving) || ').'
        WHEN 'spot' THEN 'It runs as a spot instance, whose price follows no list.'
        WHEN 'paid ahead' THEN 'It is paid for ahead: another type saves nothing before that ends.'
        WHEN 'ARM already' THEN 'It runs on ARM already.'
        WHEN 'GPU' THEN 'It has GPUs, which it is bound to.'
        WHEN 'licensed' THEN 'Its system is ' || platform || ', whose licence and programs are bound to x86.'
        WHEN 'unknown type' THEN 'What its type ' || coalesce(instance_type, '') || ' holds is not known.'
        WHEN 'unknown system' THEN 'Which operating system it runs is not known.'
        WHEN 'no own price' THEN 'There is no list price for ' || instance_type || ' in ' || region || '.'
        WHEN 'no equal' THEN 'No ARM type with as much of everything is known.'
        WHEN 'no price' THEN 'There is no list price for ' || new_type || ' in ' || region || ', so whether it costs less is not known.'
        WHEN 'dearer' THEN 'The ARM type ' || new_type || ' costs ' || amount(new_price) || ' instead of ' || amount(price) || ' ' || currency || ' an hour (needed: ' || in_percent($min_saving) || ' less).'
        WHEN 'other disks' THEN 'The ARM type ' || new_type || ' does not take its disks, or which disks it has is not known.'
        WHEN 'local disks' THEN 'The ARM type ' || new_type || ' has no local disks of the size it has.'
        WHEN 'carries less' THEN 'The ARM type ' || new_type || ' carries less of network or disk traffic.'
        ELSE 'How it is paid for is not known.'
    END AS reason,
    'compute' AS components,
    CASE WHEN scaling_group IS NOT NULL THEN 'medium' ELSE 'low' END AS confidence,
    'whether all it runs is built for ARM is not known' AS confidence_reason,
    CASE WHEN scaling_group IS NOT NULL THEN 'group' END AS remediation_case,
    instance_type AS current_instance_type,
    'x86_64' AS current_architecture,
    vcpu AS current_vcpu,
    memory_gib AS current_memory_gib,
    scaling_group AS current_scaling_group,
    new_type AS proposed_instance_type,
    'arm64' AS proposed_architecture,
    new_vcpu AS proposed_vcpu,
    new_memory AS proposed_memory_gib,
    cpu_model AS processor_of_the_arm_type,
    price AS list_price_an_hour,
    new_price AS list_price_an_hour_of_the_arm_type
FROM judged
