/*---
id: spot-eligible-instance
title: Work that tolerates interruption is paid at the full price
class: rate
action: spot
resource: instance
parameters:
  min_days: {default: 14, unit: days, doc: "days of spot price history of the type in its zone before a verdict"}
  min_discount: {default: 0.2, unit: ratio, doc: "smallest discount worth the risk of interruption"}
needs: [instances, volumes, tags, prices, spot_prices]
excludes: [idle-instance]
effort: medium
risk: high
sources:
  - {title: "Amazon EC2 Spot best practices: stateless, fault-tolerant, flexible work", url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-best-practices.html"}
  - {title: "Google Cloud Spot VMs: what suits them", url: "https://cloud.google.com/compute/docs/instances/spot"}
  - {title: "Google Cloud: spot prices are published and change at most once in 30 days", url: "https://cloud.google.com/compute/docs/instances/spot#pricing"}
  - {title: "Alibaba Cloud preemptible instances: what suits them", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/overview-4"}
traps:
  data-volume: "A data volume that outlives the machine holds something, whatever its group says."
  unknown-volumes: "Where not even the boot volume is known, nobody looked for data volumes."
  no-evidence: "A quiet machine is not a tolerant one: without evidence nothing is proposed."
  other-zone: "A discount in another zone says nothing of this one."
  changing-price: "A price counts by how long it held, not by how often it changed."
  windows: "The licence in the price of Windows is not discounted: compare Windows with Windows."
  paid-ahead: "A subscription is paid already."
remediation:
  aws:
    - aws ec2 create-launch-template-version --region {region} --launch-template-id TEMPLATE --source-version 1 --launch-template-data InstanceMarketOptions={{MarketType=spot}}
    - "# undo: aws ec2 modify-launch-template --region {region} --launch-template-id TEMPLATE --default-version 1"
  alibaba:
    spot:
      - aliyun ecs CreateImage --region {region} --InstanceId {resource_id} --ImageName backup-{resource_id}
      - aliyun ecs DescribeImages --region {region} --ImageName backup-{resource_id} --Status Creating,Available --waiter expr='Images.Image[0].Status' to=Available timeout=600
      - aliyun ecs RunInstances --region {region} --ZoneId {proposed_zone} --ImageId IMAGE --InstanceType {current_instance_type} --VSwitchId SWITCH --SecurityGroupId GROUP --SpotStrategy SpotAsPriceGo
      - "# undo: aliyun ecs RunInstances --region {region} --ImageId IMAGE --InstanceType {current_instance_type} --VSwitchId SWITCH --SecurityGroupId GROUP --SpotStrategy NoSpot"
    scaling_group:
      - aliyun ess ModifyScalingConfiguration --region {region} --ScalingConfigurationId CONFIGURATION --SpotStrategy SpotAsPriceGo
      - "# undo: aliyun ess ModifyScalingConfiguration --region {region} --ScalingConfigurationId CONFIGURATION --SpotStrategy NoSpot"
  gcp:
    spot:
      - gcloud compute machine-images create backup-{resource_id} --project {account_id} --source-instance {resource_name} --source-instance-zone {zone}
      - gcloud compute instances create {resource_name}-spot --project {account_id} --zone {proposed_zone} --source-machine-image backup-{resource_id} --provisioning-model SPOT --instance-termination-action STOP --no-restart-on-failure --maintenance-policy TERMINATE
      - gcloud compute instances stop {resource_name} --project {account_id} --zone {zone}
      - "# undo: gcloud compute instances start {resource_name} --project {account_id} --zone {zone}"
    scaling_group:
      - gcloud compute instances describe {resource_name} --project {account_id} --zone {zone} --format 'yaml(metadata.items)'
      - gcloud compute instance-templates create SPOT_TEMPLATE --project {account_id} --machine-type {current_instance_type} --provisioning-model SPOT --instance-termination-action STOP
      - gcloud compute instance-groups managed rolling-action start-update GROUP --project {account_id} --zone {zone} --version template=SPOT_TEMPLATE
      - "# undo: gcloud compute instance-groups managed rolling-action start-update GROUP --project {account_id} --zone {zone} --version template=OLD_TEMPLATE"
    node_pool:
      - gcloud container node-pools create POOL-spot --project {account_id} --cluster {current_cluster} --location LOCATION --machine-type {current_instance_type} --spot
      - "# undo: gcloud container node-pools delete POOL-spot --project {account_id} --cluster {current_cluster} --location LOCATION"
doc: |
  Finds running on-demand machines with evidence that an interruption does no harm: they belong to a scaling
  group that replaces its members, or carry a tag that says they are not production, and they hold no volume
  that outlives them. The saving uses the spot prices of exactly its type and zone over the last weeks, each
  weighted by how long it held, never a flat factor. It is wrong for jobs that cannot be started again half
  way, and no promise: spot prices and supply change. Move a part of a group first, spread over several types
  and zones, and keep a floor on demand. Undo by switching the market option back.
  Google publishes its spot prices and changes them at most once a month, so no history is asked for there; a machine
  stays what it was made as, so the command makes another one from an image. The instance group of a machine is told under created-by; its new template
  is like the old one but for the model, and a group of a region takes --region instead of --zone.
---*/
WITH published (cloud, components) AS (
    -- Clouds that publish a spot price, which holds for weeks, and what is cheaper on a spot machine there.
    VALUES ('gcp', 'compute,gpu,local_disk')
),
held AS (
    SELECT cloud, account_id, region, instance_id,
        count(*) FILTER (WHERE NOT coalesce(is_boot, FALSE) AND NOT coalesce(delete_with_instance, FALSE)) AS outliving
    FROM volumes
    WHERE instance_id IS NOT NULL
    GROUP BY cloud, account_id, region, instance_id
),
not_production AS (
    SELECT cloud, account_id, region, resource_id, min(value) AS stage
    FROM tags
    WHERE resource_type = 'instance'
      AND lower(key) IN ('env', 'environment', 'stage', 'tier')
      AND lower(value) IN ('dev', 'development', 'test', 'testing', 'qa', 'stage', 'staging', 'sandbox', 'ci', 'build', 'nonprod', 'non-production', 'demo', 'preview')
    GROUP BY cloud, account_id, region, resource_id
),
judged AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.zone, i.instance_type, i.platform, i.scaling_group, i.cluster, n.stage, p.components, h.outliving,
        s.avg_price, s.max_price, s.on_demand_price, s.days, 1 - s.avg_price / nullif(s.on_demand_price, 0) AS discount,
        CASE
            WHEN i.purchase_model = 'spot' THEN 'spot already'
            WHEN i.purchase_model IN ('subscription', 'reserved') THEN 'paid ahead'
            WHEN i.purchase_model IS NULL THEN 'model unknown'
            WHEN i.scaling_group IS NULL AND n.stage IS NULL THEN 'no evidence'
            WHEN h.outliving IS NULL THEN 'volumes unknown'
            WHEN h.outliving > 0 THEN 'keeps data'
            WHEN s.avg_price IS NULL THEN 'no spot prices'
            WHEN s.on_demand_price IS NULL THEN 'no list price'
            WHEN s.days < $min_days AND p.cloud IS NULL THEN 'short history'
            WHEN 1 - s.avg_price / nullif(s.on_demand_price, 0) < $min_discount THEN 'small discount'
            ELSE 'eligible'
        END AS state
    FROM instances AS i
    LEFT JOIN published AS p ON p.cloud = i.cloud
    LEFT JOIN held AS h ON h.cloud = i.cloud AND h.account_id = i.account_id AND h.region = i.region
        AND h.instance_id = i.instance_id
    LEFT JOIN not_production AS n ON n.cloud = i.cloud AND n.account_id = i.account_id AND n.region = i.region
        AND n.resource_id = i.instance_id
    LEFT JOIN spot AS s ON s.cloud = i.cloud AND s.region = i.region AND s.sku = i.instance_type
        AND coalesce(s.zone, i.zone) = i.zone
        AND s.platform = CASE WHEN i.platform IN ('windows', 'rhel', 'suse', 'special') THEN i.platform ELSE 'linux' END
    WHERE i.state = 'running'
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE
        WHEN state = 'eligible' THEN 'finding'
        WHEN state IN ('spot already', 'paid ahead', 'no evidence', 'keeps data', 'small discount') THEN 'ok'
        ELSE 'not_evaluated'
    END AS verdict,
    CASE state
        WHEN 'eligible' THEN 'It ' || coalesce('belongs to the scaling group ' || scaling_group, 'is tagged as ' || stage)
            || ' and keeps no data; spot ' || CASE WHEN components IS NULL THEN 'cost ' ELSE 'costs ' END || in_percent(discount) || ' less than the list price in its '
            || CASE WHEN components IS NULL THEN 'zone over the last ' || counted(floor(days), 'day', 'days') ELSE 'region' END
            || ' (limit ' || in_percent($min_discount) || ').'
        WHEN 'spot already' THEN 'It runs as a spot instance already.'
        WHEN 'paid ahead' THEN 'It is paid for ahead, so a spot price saves nothing before that ends.'
        WHEN 'no evidence' THEN 'Nothing says that it tolerates interruption: no scaling group, no tag of a non-production stage.'
        WHEN 'keeps data' THEN 'It holds ' || counted(outliving, 'volume that outlives', 'volumes that outlive') || ' it.'
        WHEN 'small discount' THEN 'Spot cost ' || in_percent(discount) || ' less than the list price in its zone (limit ' || in_percent($min_discount) || ').'
        WHEN 'volumes unknown' THEN 'Which volumes it holds is not known: not even the one it boots from is in the inventory.'
        WHEN 'model unknown' THEN 'How it is paid for is not known.'
        WHEN 'no list price' THEN 'There is no list price for ' || instance_type || ' in ' || region || '.'
        WHEN 'short history' THEN 'There are spot prices for ' || counted(floor(days), 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        ELSE 'There is no spot price history for ' || coalesce(instance_type, 'its type') || ' in ' || coalesce(zone, region) || '.'
    END AS reason,
    coalesce(components, 'compute') AS components,
    CASE WHEN scaling_group IS NOT NULL THEN 'medium' ELSE 'low' END AS confidence,
    'that its work can be started again is inferred from ' || CASE WHEN scaling_group IS NOT NULL THEN 'its scaling group' ELSE 'a tag' END AS confidence_reason,
    CASE
        WHEN cloud = 'gcp' AND cluster IS NOT NULL THEN 'node_pool'
        WHEN scaling_group IS NOT NULL THEN 'scaling_group'
    END AS remediation_case,
    cluster AS current_cluster,
    instance_type AS current_instance_type,
    platform AS current_platform,
    'on_demand' AS current_purchase_model,
    instance_type AS proposed_instance_type,
    'spot' AS proposed_purchase_model,
    zone AS proposed_zone,
    avg_price AS spot_price_average,
    max_price AS spot_price_highest,
    on_demand_price AS list_price,
    discount AS spot_discount,
    days AS spot_history_days
FROM judged
