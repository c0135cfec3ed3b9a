-- What rules and rollups may call beside plain SQL. Other engines define the same names in their own dialect.
CREATE OR REPLACE TEMP MACRO days_between(earlier, later) AS (epoch(later) - epoch(earlier)) / 86400.0;
CREATE OR REPLACE TEMP MACRO in_percent(ratio) AS printf('%.1f %%', CAST(100.0 * ratio AS DOUBLE));
CREATE OR REPLACE TEMP MACRO amount(x) AS CASE
    WHEN abs(x) >= 100 OR x = round(x) THEN format('{:,}', CAST(round(x) AS BIGINT))
    WHEN abs(x) >= 1 THEN printf('%.1f', CAST(x AS DOUBLE))
    WHEN abs(x) >= 0.001 THEN printf('%.2g', CAST(x AS DOUBLE))
    WHEN x IS NOT NULL THEN 'less than 0.001'
END;
CREATE OR REPLACE TEMP MACRO counted(n, one, many) AS
    amount(n) || ' ' || CASE WHEN n = 1 THEN one ELSE many END;

-- An amount of a bill in hours or GiB, where its unit is one of time or of bytes; unknown otherwise. The clouds'
-- GB is a GiB.
CREATE OR REPLACE TEMP MACRO consumed(quantity, unit) AS CAST(quantity AS DOUBLE) * CASE
    WHEN lower(unit) IN ('second', 'seconds') THEN 1 / 3600.0
    WHEN lower(unit) IN ('minute', 'minutes') THEN 1 / 60.0
    WHEN lower(unit) IN ('hour', 'hours', 'hrs', 'h') THEN 1.0
    WHEN lower(unit) IN ('day', 'days') THEN 24.0
    WHEN lower(unit) IN ('byte', 'bytes') THEN 1 / 1073741824.0
    WHEN lower(unit) IN ('kb', 'kib', 'kibibyte') THEN 1 / 1048576.0
    WHEN lower(unit) IN ('mb', 'mib', 'mebibyte') THEN 1 / 1024.0
    WHEN lower(unit) IN ('gb', 'gib', 'gibibyte', 'gigabytes') THEN 1.0
    WHEN lower(unit) IN ('tb', 'tib', 'tebibyte') THEN 1024.0
END;

-- The part of a resource's price that a charge pays for. AWS is told by its usage type (FOCUS 1.2: SkuMeter)
-- and operation, Google and Alibaba by the words of the SKU. Sources: AWS data transfer and VPC billing
-- reports, Google network SKU names before and after the 2024 rename, Alibaba EIP billing FAQ.
CREATE OR REPLACE TEMP MACRO charge_component(meter, operation, description, category, subcategory) AS CASE
    WHEN contains(meter, 'DataTransfer-Regional-Bytes') OR contains(meter, 'DataTransfer-xAZ-')
      THEN CASE WHEN operation LIKE 'PublicIP%' THEN 'public_ip_traffic' ELSE 'cross_zone' END
    WHEN contains(description, 'Inter Zone Data Transfer Out') OR contains(description, 'Inter Zone Egress')
      OR contains(description, 'regional data transfer - in/out/between EC2 AZs') THEN 'cross_zone'
    WHEN contains(meter, 'PublicIPv4:IdleAddress') OR contains(meter, 'ElasticIP:IdleAddress')
      OR contains(description, 'Idle public IPv4 address') OR description LIKE 'Static Ip Charge%' THEN 'public_ip_idle'
    WHEN contains(meter, 'PublicIPv4:') OR contains(description, 'In-use public IPv4 address')
      OR contains(description, 'External IP Charge') THEN 'public_ip'
    WHEN contains(meter, 'EBS:VolumeP-IOPS') OR contains(meter, 'EBS:VolumeIOUsage') THEN 'iops'
    WHEN contains(meter, 'EBS:VolumeP-Throughput') THEN 'throughput'
    WHEN contains(meter, 'EBS:Snapshot') OR contains(description, 'Storage PD Snapshot')
      OR contains(description, 'napshot') THEN 'snapshot'
    WHEN contains(meter, 'EBS:VolumeUsage') OR contains(description, 'PD Capacity') THEN 'storage'
    WHEN contains(meter, 'NatGateway') OR contains(description, 'NAT Gateway') OR contains(description, 'Cloud Nat')
      THEN 'nat_gateway'
    WHEN contains(meter, 'LoadBalancerUsage') OR contains(meter, 'LCUUsage') THEN 'load_balancer'
    WHEN contains(meter, 'AWS-Out-Bytes') OR contains(description, 'Inter Region') THEN 'region_traffic'
    WHEN contains(meter, 'DataTransfer-') OR contains(description, 'data transfer')
      OR contains(description, 'Data Transfer') THEN 'internet_traffic'
    WHEN contains(meter, 'BoxUsage') OR contains(meter, 'SpotUsage') OR contains(meter, 'DedicatedUsage')
      OR contains(description, 'Instance Core') OR contains(description, 'Instance Ram')
      OR subcategory = 'Virtual Machines' THEN 'compute'
    WHEN subcategory = 'Block Storage' THEN 'storage'
    WHEN category = 'Storage' THEN 'storage'
    WHEN category = 'Databases' THEN 'database'
    WHEN category = 'Compute' THEN 'compute'
    ELSE 'other'
END;
