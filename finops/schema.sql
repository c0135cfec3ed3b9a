-- The warehouse. Every table and every column carries its meaning in the comment behind it; the loader
-- turns those comments into COMMENT ON statements, so that they can be asked for with SQL too:
--     finops sql "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL"
-- Rules of the house: ids are text (leading zeros matter), money is DECIMAL beside its currency, time is UTC,
-- ratios are 0 to 1, sizes are GiB where the name says so and bytes otherwise. NULL means unknown, never zero.
-- A resource is keyed (cloud, account_id, region, <its id>); nothing joins on names.

CREATE TABLE warehouse_version ( -- One row per migration that has been applied to this file.
  version    INTEGER NOT NULL,   -- number of the migration
  applied_at TIMESTAMP NOT NULL, -- when it was applied, UTC
  tool       VARCHAR NOT NULL    -- version of finops that applied it
);

CREATE TABLE publication ( -- One row: which published state this file is. A writer's private copy carries the state it began from.
  generation VARCHAR NOT NULL -- random id, new with every publication
);

CREATE TABLE runs ( -- One row per command that wrote to the warehouse or tried to.
  run_id      VARCHAR NOT NULL,   -- id of the run, shown in messages and reports
  command     VARCHAR NOT NULL,   -- ingest, collect aws, audit, demo …
  started_at  TIMESTAMP NOT NULL, -- start, UTC
  finished_at TIMESTAMP,          -- end, UTC; NULL while it runs or when it was killed
  as_of       TIMESTAMP,          -- the instant the run speaks about, UTC
  status      VARCHAR NOT NULL,   -- running | done | incomplete | failed | aborted
  tool        VARCHAR NOT NULL,   -- version of finops
  error       VARCHAR,            -- the sentence the user saw, when it failed
  result      JSON,               -- of an audit: currency, totals, totals_by_currency and cost basis, as in the JSON report
  parent      VARCHAR             -- the nightly run that it was a part of
);

CREATE TABLE run_steps ( -- What a nightly run did: a row for each step, and for each part of a step that has several.
  run_id      VARCHAR NOT NULL,   -- nightly run, or the retry of one
  position    INTEGER NOT NULL,   -- order within the run, from 1
  step        VARCHAR NOT NULL,   -- open | collect | ingest | test | audit | detect | verify | report | publish | deliver | tidy | close
  part        VARCHAR,            -- of collect the cloud, of ingest the address, of deliver the target; NULL where a step has one part
  status      VARCHAR NOT NULL,   -- running | done | incomplete | failed | skipped | aborted
  started_at  TIMESTAMP NOT NULL, -- UTC
  finished_at TIMESTAMP,          -- UTC; NULL where it was killed
  rows        BIGINT,             -- rows it brought or wrote, where it counts any
  calls       BIGINT,             -- API calls it made, where it makes any
  message     VARCHAR             -- what it did, or why it did not, in one sentence
);

CREATE TABLE coverage ( -- What was looked at: the latest state of each scope. A scope that failed is a row here, never an empty list.
  cloud        VARCHAR NOT NULL,   -- aws | alibaba | gcp, or the provider of a bill
  account_id   VARCHAR NOT NULL,   -- account, project or subscription
  region       VARCHAR NOT NULL,   -- region, or 'global' for what has none
  dataset      VARCHAR NOT NULL,   -- instances, volumes, metrics, prices, charges …
  status       VARCHAR NOT NULL,   -- complete | partial | denied | throttled | failed | skipped
  error        VARCHAR,            -- why it is not complete, in one sentence
  rows         BIGINT NOT NULL,    -- rows this scope has in the warehouse (of the last good collection)
  calls        BIGINT NOT NULL,    -- API calls that the last attempt made
  collected_at TIMESTAMP,          -- instant of the rows in the warehouse, UTC; NULL when there never were any
  attempted_at TIMESTAMP NOT NULL, -- instant of the last attempt, UTC
  run_id       VARCHAR NOT NULL    -- run that made the last attempt
);

CREATE TABLE collections ( -- Which places each request to a cloud came to, so that a repeated one knows what is fresh without a call.
  cloud      VARCHAR NOT NULL, -- aws | alibaba | gcp
  request    VARCHAR NOT NULL, -- what was asked for: profiles, accounts, role, regions, as JSON text
  account_id VARCHAR NOT NULL, -- account or project it came to
  region     VARCHAR NOT NULL, -- region, or 'global'
  run_id     VARCHAR NOT NULL  -- run that last did
);

CREATE TABLE instances ( -- Virtual machines.
  cloud           VARCHAR NOT NULL,   -- aws | alibaba | gcp
  account_id      VARCHAR NOT NULL,   -- account or project that owns it
  region          VARCHAR NOT NULL,   -- region id as the cloud writes it
  instance_id     VARCHAR NOT NULL,   -- the cloud's own id, never its name
  zone            VARCHAR,            -- availability zone
  name            VARCHAR,            -- display name: hostile text, escape it
  state           VARCHAR NOT NULL,   -- running | stopped | other (starting, stopping, terminated …)
  state_since     TIMESTAMP,          -- when it entered that state, UTC; alibaba does not tell: the end of the last measured hour stands in for a stopped one; NULL where nothing tells
  instance_type   VARCHAR,            -- type or size, key into instance_types
  platform        VARCHAR,            -- linux | windows | rhel | suse | other (priced as linux) | special (a licence or tenancy that no list price is known of)
  purchase_model  VARCHAR,            -- on_demand | spot | subscription | reserved
  scaling_group   VARCHAR,            -- id of the scaling group, instance group or node pool that manages it
  launched_at     TIMESTAMP,          -- first or last launch as the cloud reports it, UTC
  stopped_mode    VARCHAR,            -- alibaba: keep_charging | stop_charging; NULL elsewhere
  cluster         VARCHAR,            -- Kubernetes cluster whose node it is
  private_ip      VARCHAR,            -- first private address
  expires_at      TIMESTAMP,          -- end of a subscription, UTC
  auto_renew      BOOLEAN,            -- whether a subscription renews itself; NULL where it is not known
  gpu_count       INTEGER,            -- gcp: GPUs attached beside those of its type; NULL where a cloud attaches none
  gpu_model       VARCHAR,            -- gcp: accelerator type of those
  local_disk_gib  DOUBLE, -- gcp: local disks attached beside those of its type, GiB, lost on stop; NULL where a cloud attaches none
  vpc_id          VARCHAR,            -- network it is in
  subnet_id       VARCHAR,            -- subnet or vSwitch it is in
  image_id        VARCHAR             -- image it was started from
);

CREATE TABLE instance_types ( -- What a type offers; one row per type, the same in every region.
  cloud         VARCHAR NOT NULL, -- aws | alibaba | gcp
  instance_type VARCHAR NOT NULL, -- as in instances.instance_type
  vcpu          DOUBLE,           -- virtual CPUs (a shared-core type has its share, e.g. 0.25)
  memory_gib    DOUBLE,           -- memory, GiB
  architecture  VARCHAR,          -- x86_64 | arm64
  family        VARCHAR,          -- m5, g7, n2 …: types of one family differ in size only
  generation    INTEGER,          -- number of the generation within its line
  burstable     BOOLEAN,          -- whether its CPU runs on credits
  gpu_count     INTEGER,          -- GPUs or other accelerators; 0 when it has none
  gpu_model     VARCHAR,          -- model of the accelerator
  cpu_model     VARCHAR,          -- processor as the cloud names it
  local_disk_gib DOUBLE,          -- instance storage that is lost on stop; 0 when it has none
  baseline_vcpu DOUBLE,           -- of a burstable type: vCPUs it may use all the time without spending credits; NULL where it is not known
  network_gbps  DOUBLE,           -- bandwidth it always has in each direction, 10^9 bits per second; NULL where it is not known
  disk_throughput_mib DOUBLE,     -- MiB per second it always has to attached disks; NULL where it is not known
  disk_iops     DOUBLE, -- operations per second it always has to attached disks; NULL where it is not known
  line          VARCHAR           -- what its families succeed each other in: m, c, g, n-standard …; within a line a higher generation is newer
);

CREATE TABLE volumes ( -- Block storage volumes and disks.
  cloud                VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id           VARCHAR NOT NULL, -- account or project that owns it
  region               VARCHAR NOT NULL, -- region id
  volume_id            VARCHAR NOT NULL, -- the cloud's own id
  zone                 VARCHAR,          -- availability zone
  name                 VARCHAR,          -- display name: hostile text
  state                VARCHAR NOT NULL, -- attached | unattached | other
  volume_type          VARCHAR,          -- gp2, gp3, cloud_essd, pd-ssd …
  performance_level    VARCHAR,          -- alibaba ESSD: PL0 to PL3
  medium               VARCHAR,          -- ssd | hdd
  size_gib             DOUBLE,           -- provisioned size, GiB
  iops                 DOUBLE,           -- provisioned operations per second, where they are provisioned
  throughput_mib       DOUBLE,           -- provisioned MiB per second, where it is provisioned
  instance_id          VARCHAR,          -- instance it is attached to; NULL when unattached
  is_boot              BOOLEAN,          -- whether an instance boots from it
  delete_with_instance BOOLEAN,          -- whether it goes when its instance is terminated
  created_at           TIMESTAMP,        -- creation, UTC
  detached_at          TIMESTAMP,        -- last detachment, UTC; NULL where the cloud does not tell
  kubernetes_claim     VARCHAR,          -- claim (namespace/name) of the pod storage it belongs to
  purchase_model       VARCHAR,          -- on_demand | subscription; NULL where it is not known
  expires_at           TIMESTAMP,        -- end of a subscription, UTC
  auto_renew           BOOLEAN,          -- whether a subscription renews itself; NULL where it is not known
  device_name          VARCHAR           -- gcp: name under which its machine sees it, by which its metrics are told
);

CREATE TABLE snapshots ( -- Snapshots of volumes.
  cloud        VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id   VARCHAR NOT NULL, -- account or project that owns it
  region       VARCHAR NOT NULL, -- region id, or 'global'
  snapshot_id  VARCHAR NOT NULL, -- the cloud's own id
  name         VARCHAR,          -- display name: hostile text
  volume_id    VARCHAR,          -- volume it was taken from, which may be gone
  size_gib     DOUBLE,           -- size of the volume at that time, GiB
  stored_bytes DOUBLE,           -- bytes billed for it, where the cloud tells
  created_at   TIMESTAMP,        -- when it was taken, UTC
  image_id     VARCHAR,          -- image that needs it
  tier         VARCHAR, -- standard | archive
  full_bytes   DOUBLE,           -- bytes of all its blocks, which is what it takes when archived; NULL where the cloud does not tell
  kind         VARCHAR,          -- snapshot | image (a machine image or a copy that stands alone) | automatic (taken by a schedule)
  locked_until TIMESTAMP         -- until when it cannot be deleted, UTC
);

CREATE TABLE public_ips ( -- Public addresses that are reserved or in use.
  cloud        VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id   VARCHAR NOT NULL, -- account or project that owns it
  region       VARCHAR NOT NULL, -- region id, or 'global'
  ip_id        VARCHAR NOT NULL, -- allocation id
  address      VARCHAR,          -- the address itself
  name         VARCHAR,          -- display name: hostile text
  state        VARCHAR NOT NULL, -- in_use | unused
  resource_id  VARCHAR,          -- what uses it
  resource_type VARCHAR,         -- instance | nat_gateway | load_balancer | other
  created_at   TIMESTAMP,        -- allocation, UTC; NULL where the cloud does not tell
  unused_since TIMESTAMP,        -- since when it is unused, UTC; NULL where the cloud does not tell
  charge_type  VARCHAR,          -- traffic | bandwidth | flat
  purchase_model VARCHAR,        -- on_demand | subscription; NULL where it is not known
  expires_at   TIMESTAMP,        -- end of a subscription, UTC
  auto_renew   BOOLEAN           -- whether a subscription renews itself; NULL where it is not known
);

CREATE TABLE load_balancers ( -- Load balancers of every kind.
  cloud            VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id       VARCHAR NOT NULL, -- account or project that owns it
  region           VARCHAR NOT NULL, -- region id, or 'global'
  load_balancer_id VARCHAR NOT NULL, -- the cloud's own id
  name             VARCHAR,          -- display name: hostile text
  kind             VARCHAR,          -- application | network | classic | gateway
  state            VARCHAR,          -- active | inactive | other
  listeners        INTEGER,          -- listeners it has
  targets          INTEGER,          -- targets registered behind it
  healthy_targets  INTEGER,          -- of these, healthy ones
  created_at       TIMESTAMP, -- creation, UTC
  backends_known   BOOLEAN,          -- whether targets counts everything behind it; NULL where it was not looked at
  purchase_model   VARCHAR,          -- on_demand | subscription; NULL where it is not known
  expires_at       TIMESTAMP,        -- end of a subscription, UTC
  auto_renew       BOOLEAN           -- whether a subscription renews itself; NULL where it is not known
);

CREATE TABLE nat_gateways ( -- Gateways that let private machines reach the internet.
  cloud          VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id     VARCHAR NOT NULL, -- account or project that owns it
  region         VARCHAR NOT NULL, -- region id
  nat_gateway_id VARCHAR NOT NULL, -- the cloud's own id
  name           VARCHAR,          -- display name: hostile text
  zone           VARCHAR,          -- availability zone, where it has one
  kind           VARCHAR,          -- public | private
  state          VARCHAR,          -- active | inactive | other
  snat_entries   INTEGER,          -- alibaba: SNAT entries
  dnat_entries   INTEGER,          -- alibaba: DNAT entries
  created_at     TIMESTAMP, -- creation, UTC
  vpc_id         VARCHAR,          -- network it serves
  subnet_id      VARCHAR,          -- subnet or vSwitch it stands in
  public_ips     INTEGER,          -- public addresses it has; NULL where it is not known
  purchase_model VARCHAR,          -- on_demand | subscription; NULL where it is not known
  expires_at     TIMESTAMP,        -- end of a subscription, UTC
  auto_renew     BOOLEAN           -- whether a subscription renews itself; NULL where it is not known
);

CREATE TABLE databases ( -- Managed databases and caches.
  cloud          VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id     VARCHAR NOT NULL, -- account or project that owns it
  region         VARCHAR NOT NULL, -- region id
  database_id    VARCHAR NOT NULL, -- the cloud's own id
  name           VARCHAR,          -- display name: hostile text
  engine         VARCHAR,          -- postgres, mysql, redis …
  engine_version VARCHAR,          -- version as the cloud writes it
  instance_type  VARCHAR,          -- class or tier
  state          VARCHAR,          -- running | stopped | other
  multi_zone     BOOLEAN,          -- whether a standby runs in another zone
  storage_type   VARCHAR,          -- type of its storage
  storage_gib    DOUBLE,           -- allocated storage, GiB
  replica_of     VARCHAR,          -- id of the primary, when it is a read replica
  purchase_model VARCHAR,          -- on_demand | subscription | reserved
  created_at     TIMESTAMP, -- creation, UTC
  kind           VARCHAR,          -- relational | cache | document | warehouse
  zone           VARCHAR,          -- availability zone of its primary
  vcpu           DOUBLE,           -- virtual CPUs of its class; NULL where it is not known, or serverless
  memory_gib     DOUBLE,           -- memory of its class, GiB
  state_since    TIMESTAMP,        -- when it entered that state, UTC; NULL where the cloud does not tell
  serverless     BOOLEAN,          -- whether it has no class and is paid by use
  cluster_id     VARCHAR,          -- cluster it is a member of
  expires_at     TIMESTAMP,        -- end of a subscription, UTC
  auto_renew     BOOLEAN           -- whether a subscription renews itself; NULL where it is not known
);

CREATE TABLE buckets ( -- Object storage buckets.
  cloud           VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id      VARCHAR NOT NULL, -- account or project that owns it
  region          VARCHAR NOT NULL, -- region id or multi-region name
  bucket_id       VARCHAR NOT NULL, -- globally unique name
  storage_class   VARCHAR,          -- default class
  stored_bytes    DOUBLE,           -- bytes stored
  objects         BIGINT,           -- objects stored
  has_lifecycle   BOOLEAN,          -- whether a lifecycle rule moves or deletes objects
  aborts_uploads  BOOLEAN,          -- whether unfinished uploads are cleaned up
  versioned       BOOLEAN,          -- whether old versions are kept
  created_at      TIMESTAMP, -- creation, UTC
  location_type   VARCHAR,          -- gcp: region | dual-region | multi-region; NULL elsewhere
  standard_bytes  DOUBLE,           -- of these bytes, in the class that is billed most per GiB and has no retrieval fee
  adapts_class    BOOLEAN,          -- whether the cloud moves objects by itself (Intelligent-Tiering on all of it, Autoclass)
  moves_class     BOOLEAN,          -- whether a lifecycle rule moves objects to a colder class
  expires_versions BOOLEAN,         -- whether a lifecycle rule deletes old versions
  unfinished_uploads BIGINT,        -- uploads that were begun and neither finished nor aborted
  unfinished_bytes DOUBLE,          -- bytes of their parts; NULL where it was not counted
  unfinished_since TIMESTAMP        -- start of the oldest of them, UTC
);

CREATE TABLE scaling_groups ( -- Auto-scaling groups, instance groups, node pools.
  cloud            VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id       VARCHAR NOT NULL, -- account or project that owns it
  region           VARCHAR NOT NULL, -- region id
  scaling_group_id VARCHAR NOT NULL, -- id, as in instances.scaling_group
  name             VARCHAR,          -- display name: hostile text
  min_size         INTEGER,          -- floor
  max_size         INTEGER,          -- ceiling
  desired_size     INTEGER,          -- wanted size at collection time
  instance_type    VARCHAR,          -- type of its members, when there is one
  is_spot          BOOLEAN, -- whether members are spot instances
  kind             VARCHAR,          -- group | node_pool
  cluster          VARCHAR,          -- Kubernetes cluster whose node pool it is, as in instances.cluster
  autoscaled       BOOLEAN,          -- whether a policy, a schedule or a cluster autoscaler changes its size; NULL where it is not known
  created_at       TIMESTAMP         -- creation, UTC; NULL where the cloud does not tell
);

CREATE TABLE commitments ( -- Savings plans, reserved instances, committed-use discounts, resource packages.
  cloud           VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id      VARCHAR NOT NULL, -- account that bought it
  region          VARCHAR NOT NULL, -- region it applies to, or 'global'
  commitment_id   VARCHAR NOT NULL, -- the cloud's own id
  kind            VARCHAR NOT NULL, -- savings_plan | reserved | committed_use | resource_package
  scope           VARCHAR,          -- family, type or service it covers
  quantity        DOUBLE,           -- units committed: instances, vCPU, or money per hour
  unit            VARCHAR,          -- unit of quantity
  hourly_cost     DECIMAL(38, 18),  -- what it costs per hour, amortised
  currency        VARCHAR,          -- currency of hourly_cost
  started_at      TIMESTAMP,        -- start, UTC
  ends_at         TIMESTAMP,        -- end, UTC
  payment         VARCHAR,          -- all_upfront | partial_upfront | no_upfront
  state           VARCHAR, -- active | expired | other
  auto_renew      BOOLEAN,          -- whether it renews itself; NULL where it is not known
  remaining       DOUBLE,           -- of a resource package: what is left of quantity
  name            VARCHAR,          -- display name: hostile text
  offering        VARCHAR,          -- aws reserved: convertible | standard, as only a standard one can be sold
  platform        VARCHAR           -- operating system it covers; NULL where any
);

CREATE TABLE commitment_offers ( -- Second-hand commitments that others sell on a marketplace.
  cloud         VARCHAR NOT NULL,         -- aws
  account_id    VARCHAR NOT NULL,         -- account that could buy it
  region        VARCHAR NOT NULL,         -- region it applies to
  offer_id      VARCHAR NOT NULL,         -- the cloud's own id of the offer
  sku           VARCHAR NOT NULL,         -- instance type it covers
  platform      VARCHAR,                  -- operating system it covers
  zone          VARCHAR,                  -- zone it is bound to; NULL for the region
  offering      VARCHAR,                  -- standard | convertible
  payment       VARCHAR,                  -- all_upfront | partial_upfront | no_upfront
  months        DOUBLE NOT NULL,          -- months that are left of it
  upfront       DECIMAL(38, 18) NOT NULL, -- price asked at once for one unit
  hourly        DECIMAL(38, 18) NOT NULL, -- what each hour of one unit costs besides
  quantity      BIGINT NOT NULL,          -- units on offer at that price
  currency      VARCHAR NOT NULL,         -- currency of both
  as_of         TIMESTAMP NOT NULL        -- instant of the offer, UTC
);

CREATE TABLE clusters ( -- Managed Kubernetes clusters.
  cloud       VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id  VARCHAR NOT NULL, -- account or project that owns it
  region      VARCHAR NOT NULL, -- region id
  cluster_id  VARCHAR NOT NULL, -- id, as in instances.cluster
  name        VARCHAR,          -- display name: hostile text
  kind        VARCHAR,          -- eks | ack | gke
  version     VARCHAR,          -- Kubernetes version
  state       VARCHAR,          -- active | other
  mode        VARCHAR,          -- standard | serverless (the cloud owns the nodes: Fargate, Autopilot, ASK)
  created_at  TIMESTAMP         -- creation, UTC
);

CREATE TABLE repositories ( -- Repositories of container registries.
  cloud         VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id    VARCHAR NOT NULL, -- account or project that owns it
  region        VARCHAR NOT NULL, -- region id or multi-region name
  repository_id VARCHAR NOT NULL, -- the cloud's own id, as bills write it
  name          VARCHAR,          -- display name: hostile text
  registry      VARCHAR,          -- alibaba: instance of the registry; else NULL
  has_cleanup   BOOLEAN,          -- whether a lifecycle or cleanup policy deletes images; NULL where it is not known
  stored_bytes  DOUBLE,           -- bytes stored, where the cloud tells them for the whole
  pulls_known   BOOLEAN,          -- whether images tell when they were last pulled
  created_at    TIMESTAMP         -- creation, UTC
);

CREATE TABLE registry_images ( -- Images in container registries.
  cloud          VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id     VARCHAR NOT NULL, -- account or project that owns it
  region         VARCHAR NOT NULL, -- region id or multi-region name
  repository_id  VARCHAR NOT NULL, -- as in repositories
  image_id       VARCHAR NOT NULL, -- digest, or what identifies it in its repository
  tagged         BOOLEAN,          -- whether a tag points to it, or to a manifest that holds it
  stored_bytes   DOUBLE,           -- bytes of its layers, shared ones included
  pushed_at      TIMESTAMP,        -- when it was pushed, UTC
  last_pulled_at TIMESTAMP         -- last pull, UTC; NULL when never or when the cloud does not tell (repositories.pulls_known)
);

CREATE TABLE ml_endpoints ( -- Machine-learning notebooks and endpoints that run on machines of their own.
  cloud         VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id    VARCHAR NOT NULL, -- account or project that owns it
  region        VARCHAR NOT NULL, -- region id
  endpoint_id   VARCHAR NOT NULL, -- the cloud's own id, as bills write it
  name          VARCHAR,          -- display name: hostile text
  kind          VARCHAR NOT NULL, -- notebook | endpoint
  state         VARCHAR NOT NULL, -- running | stopped | other
  state_since   TIMESTAMP,        -- when it entered that state, UTC; NULL where the cloud does not tell
  instance_type VARCHAR,          -- machine it runs on
  instances     INTEGER,          -- machines it always has; 0 when it scales to nothing
  created_at    TIMESTAMP,        -- creation, UTC
  last_used_at  TIMESTAMP         -- last activity that the cloud tells, UTC
);

CREATE TABLE log_groups ( -- Stores of logs: log groups, Logstores, log buckets.
  cloud          VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id     VARCHAR NOT NULL, -- account or project that owns it
  region         VARCHAR NOT NULL, -- region id, or 'global'
  log_group_id   VARCHAR NOT NULL, -- the cloud's own id, as bills write it
  name           VARCHAR,          -- display name: hostile text
  stored_bytes   DOUBLE,           -- bytes stored, where the cloud tells
  retention_days INTEGER,          -- days after which entries go; NULL when unlimited or not known
  unlimited      BOOLEAN,          -- whether entries are kept for ever
  free_days      INTEGER,          -- days of retention that cost nothing; NULL when every day costs
  storage_class  VARCHAR,          -- class as the cloud names it
  created_at     TIMESTAMP         -- creation, UTC
);

CREATE TABLE functions ( -- Functions and services that run on demand.
  cloud         VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id    VARCHAR NOT NULL, -- account or project that owns it
  region        VARCHAR NOT NULL, -- region id
  function_id   VARCHAR NOT NULL, -- the cloud's own id, as bills write it
  name          VARCHAR,          -- display name: hostile text
  kind          VARCHAR,          -- function | service
  runtime       VARCHAR,          -- runtime as the cloud names it
  architecture  VARCHAR,          -- x86_64 | arm64
  memory_mib    DOUBLE,           -- memory it is given, MiB
  vcpu          DOUBLE,           -- virtual CPUs it is given, where they are given apart
  kept_warm     DOUBLE,           -- instances that are paid whether they work or not (provisioned concurrency, minimum instances); 0 when none
  created_at    TIMESTAMP,        -- creation, UTC
  modified_at   TIMESTAMP         -- last change, UTC
);

CREATE TABLE subnets ( -- Subnets and vSwitches.
  cloud          VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id     VARCHAR NOT NULL, -- account or project that owns it
  region         VARCHAR NOT NULL, -- region id
  subnet_id      VARCHAR NOT NULL, -- the cloud's own id
  vpc_id         VARCHAR,          -- network it belongs to
  zone           VARCHAR,          -- availability zone; NULL where a subnet spans the region
  cidr           VARCHAR,          -- first IPv4 range
  private_access BOOLEAN,          -- whether machines reach the cloud's own object storage without a public address or NAT
  services       VARCHAR           -- services with such a way, with commas: s3, dynamodb (aws gateway endpoints); all (gcp Private Google Access)
);

CREATE TABLE network_addresses ( -- Which address belonged to which resource when it was looked at; flow logs name addresses.
  cloud         VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id    VARCHAR NOT NULL, -- account or project that owns it
  region        VARCHAR NOT NULL, -- region id
  vpc_id        VARCHAR,          -- network it is in; NULL of a public address
  address       VARCHAR NOT NULL, -- IP address as text
  interface_id  VARCHAR,          -- network interface that has it
  resource_id   VARCHAR,          -- instance, balancer, gateway … it belongs to, as in its table
  resource_type VARCHAR,          -- instance | load_balancer | nat_gateway | database | other
  zone          VARCHAR,          -- its zone
  is_public     BOOLEAN NOT NULL  -- whether it is reached from the internet
);

CREATE TABLE metrics ( -- Measurements in buckets: daily over up to 95 days, hourly only where a rule needs the hour.
  cloud          VARCHAR NOT NULL,   -- aws | alibaba | gcp
  account_id     VARCHAR NOT NULL,   -- account or project
  region         VARCHAR NOT NULL,   -- region id
  resource_id    VARCHAR NOT NULL,   -- resource measured: instance_id, volume_id …
  metric         VARCHAR NOT NULL,   -- cpu_utilization, memory_utilization, gpu_utilization (ratios); network_in_bytes_per_second, network_out_bytes_per_second, disk_read_ops_per_second, disk_write_ops_per_second, disk_read_bytes_per_second, disk_write_bytes_per_second, requests_per_second; connections (number); connection_utilization, storage_utilization, cpu_request_utilization, memory_request_utilization (of a Kubernetes node: what its pods ask for), kept_warm_utilization (of a function: of what is kept warm) (ratios); group_size (machines in a scaling group)
  bucket_start   TIMESTAMP NOT NULL, -- start of the bucket, UTC
  bucket_seconds INTEGER NOT NULL,   -- length of the bucket: 86400 or 3600
  avg            DOUBLE,             -- mean over the bucket
  p95            DOUBLE,             -- 95th percentile of the finer points in it
  max            DOUBLE,             -- maximum of the finer points in it
  samples        BIGINT              -- finer points behind it; NULL where the cloud does not tell
);

CREATE TABLE prices ( -- List prices and spot price history.
  cloud          VARCHAR NOT NULL,         -- aws | alibaba | gcp
  region         VARCHAR NOT NULL,         -- region id; for a spot price the region of the zone
  zone           VARCHAR,                  -- zone of a spot price, else NULL
  sku            VARCHAR NOT NULL,         -- instance type, volume type, or e.g. gp3:iops, public_ip:unused, n2:core, gpu:nvidia-tesla-t4
  purchase_model VARCHAR NOT NULL,         -- on_demand | spot | reserved | subscription | compute_savings_plan | instance_savings_plan
  unit           VARCHAR NOT NULL,         -- hour | month (a machine by subscription) | GiB-hour (memory) | GiB-month | IOPS-month | MiBps-month | GiB
  price          DECIMAL(38, 18) NOT NULL, -- price of one unit
  currency       VARCHAR NOT NULL,         -- ISO code
  platform       VARCHAR,                  -- operating system the price includes; NULL means linux or none
  as_of          TIMESTAMP NOT NULL,       -- instant the price held, UTC
  source         VARCHAR NOT NULL,         -- where it comes from
  tier_start     DECIMAL(38, 18),          -- monthly quantity from which the price holds; NULL: from nothing on
  term_months    INTEGER,                  -- of a commitment: how long it is bought for; NULL for a subscription of one month
  payment        VARCHAR,                  -- of a commitment: all_upfront | partial_upfront | no_upfront; price is then that of an hour, what is paid upfront spread over the term
  upfront        DECIMAL(38, 18)           -- of a commitment: what one unit costs at the start of the term
);

CREATE TABLE traffic ( -- Bytes that moved between two ends, from flow logs or from a bill that names the ends.
  cloud                VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id           VARCHAR NOT NULL, -- account or project that pays
  region               VARCHAR NOT NULL, -- region of the source
  source_resource      VARCHAR,          -- resource that sent
  source_zone          VARCHAR,          -- its zone
  destination_resource VARCHAR,          -- resource that received
  destination_zone     VARCHAR,          -- its zone
  destination_region   VARCHAR,          -- its region
  day                  TIMESTAMP NOT NULL, -- day, UTC
  bytes                DOUBLE NOT NULL,  -- bytes sent, counted once
  path                 VARCHAR NOT NULL, -- private | public | nat
  source               VARCHAR NOT NULL, -- bill (one end is known; of some AWS lines not even which) | flow log
  kind                 VARCHAR,          -- of a bill: cross_zone | inter_region | internet | nat | public_ip
  source_address       VARCHAR,          -- of a flow log: address that sent
  destination_address  VARCHAR,          -- of a flow log: address that received
  service              VARCHAR,          -- of a flow log: the cloud's own service at the other end: s3, dynamodb, google …
  gateway              VARCHAR,          -- of a flow log: NAT gateway it went through
  flow_source          VARCHAR,          -- of a flow log: file or log it was read from
  destination_account  VARCHAR           -- of a flow log: account or project of the resource that received, where it is known
);

CREATE TABLE flow_files ( -- Flow logs that were loaded, so that the same content is not counted twice.
  source      VARCHAR NOT NULL,   -- file, or address in an object store
  format      VARCHAR NOT NULL,   -- aws-flow-log, gcp-flow-log, alibaba-flow-log
  fingerprint VARCHAR NOT NULL,   -- SHA-256 of its bytes
  flow_source VARCHAR NOT NULL,   -- log it is a part of
  cloud       VARCHAR NOT NULL,   -- aws | alibaba | gcp
  account_id  VARCHAR NOT NULL,   -- account or project of the log; several with commas
  first_at    TIMESTAMP,          -- begin of its first window, UTC; NULL without records
  last_at     TIMESTAMP,          -- begin of its last window, UTC
  records     BIGINT NOT NULL,    -- records that were counted
  bytes       DOUBLE NOT NULL,    -- their bytes, each as often as it was recorded
  refused     BIGINT NOT NULL,    -- records of traffic that a firewall refused: not counted
  no_data     BIGINT NOT NULL,    -- windows without traffic
  skipped     BIGINT NOT NULL,    -- windows of which the cloud lost records: there was more traffic than is counted
  repeated    BIGINT NOT NULL,    -- records that another file had brought already: not counted again
  rejected    BIGINT NOT NULL,    -- records that cannot be read
  loaded_at   TIMESTAMP NOT NULL, -- when, UTC
  run_id      VARCHAR NOT NULL    -- by which run
);

CREATE TABLE flow_windows ( -- What was recorded in each minute, so that records that two files hold are counted once.
  source       VARCHAR NOT NULL,   -- flow_files.source
  cloud        VARCHAR NOT NULL,   -- aws | alibaba | gcp
  account_id   VARCHAR NOT NULL,   -- account or project of the records
  window_start TIMESTAMP NOT NULL, -- minute in which they begin, UTC
  records      BIGINT NOT NULL,    -- how many there are
  digest       UBIGINT NOT NULL    -- of all of them together, in whatever order
);

CREATE TABLE flow_pairs ( -- Bytes by day and pair of addresses as each interface recorded them; `traffic` is made of it.
  cloud                VARCHAR NOT NULL,   -- aws | alibaba | gcp
  account_id           VARCHAR NOT NULL,   -- account or project of the record
  region               VARCHAR,            -- its region, where the log tells
  flow_source          VARCHAR NOT NULL,   -- log it was read from
  day                  TIMESTAMP NOT NULL, -- day, UTC
  vpc_id               VARCHAR,            -- network of the interface, where the log tells
  reporter             VARCHAR,            -- interface that recorded it
  reporter_resource    VARCHAR,            -- machine that the log says it belongs to
  reporter_zone        VARCHAR,            -- zone that the log says it is in; aws: its id, such as use1-az1
  side                 VARCHAR,            -- src | dst: which end the interface is; NULL where the log does not tell
  source_address       VARCHAR NOT NULL,   -- address that sent, before any hop
  destination_address  VARCHAR NOT NULL,   -- address it was for, behind any hop
  source_hop           VARCHAR,            -- address of the hop that it came from, where that is not the sender
  destination_hop      VARCHAR,            -- address of the hop that it went to, where that is not the receiver
  source_resource      VARCHAR,            -- gcp: machine that sent, by name
  source_zone          VARCHAR,            -- gcp: its zone
  destination_resource VARCHAR,            -- gcp: machine that received, by name
  destination_zone     VARCHAR,            -- gcp: its zone
  service              VARCHAR,            -- the cloud's own service at the public end: s3, dynamodb, google …
  bytes                DOUBLE NOT NULL,    -- bytes
  records              BIGINT NOT NULL     -- records they were added up from
);

CREATE TABLE tags ( -- Tags and labels of every kind of resource.
  cloud         VARCHAR NOT NULL, -- aws | alibaba | gcp
  account_id    VARCHAR NOT NULL, -- account or project
  region        VARCHAR NOT NULL, -- region id
  resource_type VARCHAR NOT NULL, -- instance | volume | snapshot | public_ip …
  resource_id   VARCHAR NOT NULL, -- id of the resource
  key           VARCHAR NOT NULL, -- tag key: hostile text
  value         VARCHAR           -- tag value: hostile text
);

CREATE TABLE charges ( -- The bill: FOCUS columns under their FOCUS names, and what this tool adds as x_ columns.
  AvailabilityZone                   VARCHAR,         -- FOCUS: zone the charge belongs to
  BilledCost                         DECIMAL(38, 18), -- FOCUS: what the invoice asks for
  BillingAccountId                   VARCHAR,         -- FOCUS: account that is invoiced
  BillingAccountName                 VARCHAR,         -- FOCUS: its name
  BillingAccountType                 VARCHAR,         -- FOCUS 1.2: kind of billing account
  BillingCurrency                    VARCHAR,         -- FOCUS: currency of the cost columns
  BillingPeriodEnd                   TIMESTAMP,       -- FOCUS: end of the billing period, exclusive, UTC
  BillingPeriodStart                 TIMESTAMP,       -- FOCUS: start of the billing period, UTC
  CapacityReservationId              VARCHAR,         -- FOCUS 1.1: capacity reservation
  CapacityReservationStatus          VARCHAR,         -- FOCUS 1.1: Used | Unused
  ChargeCategory                     VARCHAR,         -- FOCUS: Usage | Purchase | Tax | Credit | Adjustment
  ChargeClass                        VARCHAR,         -- FOCUS: Correction or NULL
  ChargeDescription                  VARCHAR,         -- FOCUS: the charge in words: hostile text
  ChargeFrequency                    VARCHAR,         -- FOCUS: One-Time | Recurring | Usage-Based
  ChargePeriodEnd                    TIMESTAMP,       -- FOCUS: end of the charge, exclusive, UTC
  ChargePeriodStart                  TIMESTAMP,       -- FOCUS: start of the charge, UTC
  CommitmentDiscountCategory         VARCHAR,         -- FOCUS: Spend | Usage
  CommitmentDiscountId               VARCHAR,         -- FOCUS: commitment the charge belongs to
  CommitmentDiscountName             VARCHAR,         -- FOCUS: its name
  CommitmentDiscountQuantity         DECIMAL(38, 18), -- FOCUS 1.1: amount of the commitment used
  CommitmentDiscountStatus           VARCHAR,         -- FOCUS: Used | Unused
  CommitmentDiscountType             VARCHAR,         -- FOCUS: the provider's kind of commitment
  CommitmentDiscountUnit             VARCHAR,         -- FOCUS 1.1: unit of that amount
  ConsumedQuantity                   DECIMAL(38, 18), -- FOCUS: amount consumed
  ConsumedUnit                       VARCHAR,         -- FOCUS: its unit
  ContractedCost                     DECIMAL(38, 18), -- FOCUS: at negotiated prices, before commitments
  ContractedUnitPrice                DECIMAL(38, 18), -- FOCUS: negotiated unit price
  EffectiveCost                      DECIMAL(38, 18), -- FOCUS: after all discounts, commitments amortised
  InvoiceId                          VARCHAR,         -- FOCUS 1.2: invoice
  InvoiceIssuerName                  VARCHAR,         -- FOCUS: who issues the invoice
  ListCost                           DECIMAL(38, 18), -- FOCUS: at public prices
  ListUnitPrice                      DECIMAL(38, 18), -- FOCUS: public unit price
  PricingCategory                    VARCHAR,         -- FOCUS: Standard | Dynamic | Committed | Other
  PricingCurrency                    VARCHAR,         -- FOCUS 1.2: currency the price is set in
  PricingCurrencyContractedUnitPrice DECIMAL(38, 18), -- FOCUS 1.2: negotiated unit price in that currency
  PricingCurrencyEffectiveCost       DECIMAL(38, 18), -- FOCUS 1.2: effective cost in that currency
  PricingCurrencyListUnitPrice       DECIMAL(38, 18), -- FOCUS 1.2: public unit price in that currency
  PricingQuantity                    DECIMAL(38, 18), -- FOCUS: amount that is priced
  PricingUnit                        VARCHAR,         -- FOCUS: its unit
  ProviderName                       VARCHAR,         -- FOCUS to 1.2: who made the service available
  PublisherName                      VARCHAR,         -- FOCUS to 1.2: who produced it
  RegionId                           VARCHAR,         -- FOCUS: region id
  RegionName                         VARCHAR,         -- FOCUS: region in words
  ResourceId                         VARCHAR,         -- FOCUS: resource as the bill writes it
  ResourceName                       VARCHAR,         -- FOCUS: its name: hostile text
  ResourceType                       VARCHAR,         -- FOCUS: its kind
  ServiceCategory                    VARCHAR,         -- FOCUS: Compute, Storage, Networking …
  ServiceName                        VARCHAR,         -- FOCUS: service
  ServiceSubcategory                 VARCHAR,         -- FOCUS 1.1: finer category
  SkuId                              VARCHAR,         -- FOCUS: SKU
  SkuMeter                           VARCHAR,         -- FOCUS 1.1: what is metered (AWS: the usage type)
  SkuPriceDetails                    VARCHAR,         -- FOCUS 1.1: properties of the SKU, JSON text
  SkuPriceId                         VARCHAR,         -- FOCUS: price of the SKU
  SubAccountId                       VARCHAR,         -- FOCUS: account, project or subscription that used it
  SubAccountName                     VARCHAR,         -- FOCUS: its name
  SubAccountType                     VARCHAR,         -- FOCUS 1.2: kind of sub account
  Tags                               VARCHAR,         -- FOCUS: tags of the resource, JSON text
  ServiceProviderName                VARCHAR,         -- FOCUS 1.3: who made the service available
  HostProviderName                   VARCHAR,         -- FOCUS 1.3: whose infrastructure it runs on
  InvoiceDetailId                    VARCHAR,         -- FOCUS 1.4: line of the invoice
  x_Cloud                            VARCHAR NOT NULL, -- aws | alibaba | gcp | azure | oracle | …, from the provider's name
  x_AccountId                        VARCHAR NOT NULL, -- SubAccountId, or BillingAccountId where there is none
  x_ResourceKey                      VARCHAR,         -- resource id as the inventory writes it (the last part of an ARN or path)
  x_Cost                             DECIMAL(38, 18), -- the cost this tool reckons with: EffectiveCost, or BilledCost where x_CostBasis says so
  x_CostBasis                        VARCHAR NOT NULL, -- effective | billed (the file's effective costs are unusable; see data_tests) | total (effective, of an account whose bill is not loaded: from Cost Explorer)
  x_UsageType                        VARCHAR,         -- AWS usage type
  x_Operation                        VARCHAR,         -- AWS operation
  x_ServiceCode                      VARCHAR,         -- AWS service code
  x_Other                            VARCHAR,         -- columns of the file that FOCUS does not know, JSON text
  x_Source                           VARCHAR NOT NULL  -- bill_partitions.source the row came with
);

CREATE TABLE bill_partitions ( -- What of which bill has been loaded. A partition is replaced whole, never appended twice.
  source               VARCHAR NOT NULL,   -- file or export it came from
  format               VARCHAR NOT NULL,   -- focus-1.0, focus-1.2 …
  provider             VARCHAR,            -- ProviderName
  billing_account_id   VARCHAR NOT NULL,   -- BillingAccountId
  billing_period_start TIMESTAMP NOT NULL, -- BillingPeriodStart
  fingerprint          VARCHAR NOT NULL,   -- SHA-256 of the source's bytes
  currency             VARCHAR,            -- BillingCurrency, NULL when there are several
  rows                 BIGINT NOT NULL,    -- charges loaded; 0 once they are older than the retention keeps
  billed_cost          DECIMAL(38, 18) NOT NULL, -- their BilledCost
  effective_cost       DECIMAL(38, 18) NOT NULL, -- their EffectiveCost
  list_cost            DECIMAL(38, 18), -- their ListCost; NULL where the bill has none
  loaded_at            TIMESTAMP NOT NULL, -- when, UTC
  run_id               VARCHAR NOT NULL    -- by which run
);

CREATE TABLE bill_deliveries ( -- The delivery of an export that was loaded last, per folder of a billing period.
  source       VARCHAR NOT NULL,   -- folder it came from; bill_partitions.source of its files begins with it
  export       VARCHAR NOT NULL,   -- export and period as its manifest names them, the same wherever it is copied to
  delivered_at TIMESTAMP,          -- instant of the delivery, UTC; NULL where nothing tells
  loaded_at    TIMESTAMP NOT NULL, -- when, UTC
  run_id       VARCHAR NOT NULL    -- by which run
);

CREATE TABLE bill_objects ( -- What was read from object stores, so that nothing is downloaded twice.
  object      VARCHAR NOT NULL, -- address, such as s3://bucket/key
  etag        VARCHAR NOT NULL, -- as the store tells it; changes with the content
  size_bytes  BIGINT NOT NULL,  -- size of the object
  source      VARCHAR NOT NULL, -- bill_partitions.source: the object, or a file of the archive that it is
  fingerprint VARCHAR,          -- SHA-256 of that file's bytes; NULL when it has no rows
  run_id      VARCHAR NOT NULL  -- by which run
);

CREATE TABLE rejected_rows ( -- Rows of a bill or flow log that could not be read, with the reason. They are counted, never silently dropped.
  source VARCHAR NOT NULL, -- file
  line   BIGINT,           -- line or row number in it, from 1
  field  VARCHAR,          -- column that was wrong
  reason VARCHAR NOT NULL, -- what was wrong with it
  run_id VARCHAR NOT NULL  -- run that met it
);

CREATE TABLE emission_factors ( -- Grid intensity and PUE per region, as shipped with the tool.
  cloud       VARCHAR NOT NULL, -- aws | alibaba | gcp, or '*'
  region      VARCHAR NOT NULL, -- region id, or '*' for the fallback
  kind        VARCHAR NOT NULL, -- grid | pue
  value       DOUBLE NOT NULL,  -- gCO2e per kWh, or ratio
  unit        VARCHAR NOT NULL, -- unit of value
  low         DOUBLE,           -- low end of the interval
  high        DOUBLE,           -- high end of the interval
  source      VARCHAR NOT NULL, -- publication
  year        INTEGER NOT NULL, -- year the value is for
  basis       VARCHAR,          -- direct or lifecycle, location-based
  licence     VARCHAR,          -- licence of the source
  recommended BOOLEAN NOT NULL, -- whether estimates use this row
  method      VARCHAR NOT NULL  -- version of the carbon method that ships it
);

CREATE TABLE data_tests ( -- Results of the checks on data at every stage; the latest result of each check and subject.
  test      VARCHAR NOT NULL,   -- id of the check
  subject   VARCHAR NOT NULL,   -- source, scope or table it looked at
  severity  VARCHAR NOT NULL,   -- warn | error
  status    VARCHAR NOT NULL,   -- passed | failed | not_evaluated (it could not be judged; the message says why)
  message   VARCHAR NOT NULL,   -- one sentence with the figures
  run_id    VARCHAR NOT NULL,   -- run that made it
  tested_at TIMESTAMP NOT NULL, -- when, UTC
  stage     VARCHAR,            -- bill | collect | audit | pipeline: what it tests; NULL for what a load itself checks
  since     TIMESTAMP           -- of a failed one: when it began to fail, UTC
);

CREATE TABLE figures ( -- What the pipeline measures of itself, run by run, so that a sudden change is noticed.
  run_id      VARCHAR NOT NULL,   -- run
  measured_at TIMESTAMP NOT NULL, -- its instant, UTC
  figure      VARCHAR NOT NULL,   -- rows | calls | seconds | charges | billed_cost | findings | not_evaluated | evaluated | net_savings
  subject     VARCHAR NOT NULL,   -- what of: cloud/account/region/dataset, cloud/account, a command, a rule or all, cloud/billing account, a currency
  value       DOUBLE NOT NULL     -- the figure
);

CREATE TABLE bill_days ( -- What bills said of each day: a row each time it changed, so that restatements are seen. The newest row of each counts.
  source               VARCHAR NOT NULL,   -- bill_partitions.source
  provider             VARCHAR,            -- ProviderName
  cloud                VARCHAR NOT NULL,   -- charges.x_Cloud
  billing_account_id   VARCHAR NOT NULL,   -- BillingAccountId
  account_id           VARCHAR NOT NULL,   -- charges.x_AccountId
  billing_period_start TIMESTAMP NOT NULL, -- BillingPeriodStart
  day                  TIMESTAMP NOT NULL, -- day of ChargePeriodStart, UTC
  currency             VARCHAR NOT NULL,   -- BillingCurrency
  rows                 BIGINT NOT NULL,    -- charges of that day; 0 when they are gone
  billed_cost          DECIMAL(38, 18) NOT NULL, -- their BilledCost
  effective_cost       DECIMAL(38, 18) NOT NULL, -- their EffectiveCost
  metered              BIGINT NOT NULL,    -- of these charges, usage that is metered by the day or hour
  invoiced             BIGINT NOT NULL,    -- of these charges, those that name their invoice (InvoiceId)
  told_at              TIMESTAMP NOT NULL, -- when the bill was first read to say so, UTC; later than of any row before it
  run_id               VARCHAR NOT NULL    -- run that read it
);

CREATE TABLE anomalies ( -- Costs and figures that left their limits. One row each; a longer one is kept up to date.
  anomaly_id VARCHAR NOT NULL,   -- stable hash of level, subject, kind and first day
  run_id     VARCHAR NOT NULL,   -- run that found it
  found_at   TIMESTAMP NOT NULL, -- its instant, UTC
  level      VARCHAR NOT NULL,   -- total | provider | account | service | team | figure
  cloud      VARCHAR,            -- subject: cloud
  account_id VARCHAR,            -- subject: account
  service    VARCHAR,            -- subject: ServiceName
  team       VARCHAR,            -- subject: value of the tag that names teams
  figure     VARCHAR,            -- subject: figure and what of, for the pipeline's own figures
  currency   VARCHAR,            -- currency of the amounts; NULL for figures
  kind       VARCHAR NOT NULL,   -- spike | drift | drop
  first_day  TIMESTAMP NOT NULL, -- first day outside
  last_day   TIMESTAMP NOT NULL, -- last day seen outside
  expected   DOUBLE NOT NULL,    -- what these days would have cost together by the baseline
  actual     DOUBLE NOT NULL,    -- what they cost
  low        DOUBLE NOT NULL,    -- control limits of these days together: low end
  high       DOUBLE NOT NULL,    -- and high end
  score      DOUBLE NOT NULL,    -- standard deviations of the day that stood out most
  state      VARCHAR NOT NULL,   -- open | accepted (the new normal) | expected (was announced) | over (came back)
  message    VARCHAR NOT NULL    -- one sentence with the amounts
);

CREATE TABLE anomaly_decisions ( -- What people said about anomalies: accepted as the new normal, or expected for a while.
  decision   VARCHAR NOT NULL,   -- accept | expect
  anomaly_id VARCHAR,            -- of accept: which
  cloud      VARCHAR,            -- of expect: of which subject, NULL is any
  account_id VARCHAR,            -- of which account
  service    VARCHAR,            -- of which ServiceName
  team       VARCHAR,            -- of which team
  valid_from TIMESTAMP NOT NULL, -- first day it is about, UTC
  expires_at TIMESTAMP NOT NULL, -- first day it is no more about, UTC
  owner      VARCHAR NOT NULL,   -- who decided
  reason     VARCHAR NOT NULL,   -- why, in words
  decided_at TIMESTAMP NOT NULL  -- when, UTC
);

CREATE TABLE deliveries ( -- What was sent to whom; the same content is not sent twice to the same target.
  run_id       VARCHAR NOT NULL,   -- nightly run
  target       VARCHAR NOT NULL,   -- its name in finops.toml, never its address, which may hold a secret
  content      VARCHAR NOT NULL,   -- SHA-256 of what was sent
  status       VARCHAR NOT NULL,   -- done | failed
  attempts     INTEGER NOT NULL,   -- how often it was tried
  delivered_at TIMESTAMP NOT NULL, -- last attempt, UTC
  message      VARCHAR NOT NULL,   -- what went there, or why it failed
  as_of        TIMESTAMP,          -- instant of the audit that it told of, UTC; NULL where there was none
  told         JSON NOT NULL       -- keys of what it told (anomalies, budgets, trouble …), so that only news follow
);

CREATE TABLE findings ( -- Findings of each audit, column for column as in the JSON report.
  run_id              VARCHAR NOT NULL,  -- audit they belong to
  id                  VARCHAR NOT NULL,  -- stable: the same rule on the same resource has the same id in every run
  rule                VARCHAR NOT NULL,  -- id of the rule
  class               VARCHAR NOT NULL,  -- unused | oversized | rate | placement | schedule | modernise
  cloud               VARCHAR NOT NULL,  -- aws | alibaba | gcp
  account             VARCHAR NOT NULL,  -- account or project
  region              VARCHAR NOT NULL,  -- region
  zone                VARCHAR,           -- zone
  resource_type       VARCHAR NOT NULL,  -- instance | volume …
  resource_id         VARCHAR NOT NULL,  -- id of the resource
  resource_name       VARCHAR,           -- its name: hostile text
  tags                JSON NOT NULL,     -- its tags: hostile text
  reason              VARCHAR NOT NULL,  -- one sentence with the value and the limit
  action              VARCHAR NOT NULL,  -- terminate | stop | resize | …
  current             JSON NOT NULL,     -- what it is
  proposed            JSON NOT NULL,     -- what it should be
  monthly_cost        DECIMAL(38, 2),    -- what it costs in 730 hours; NULL when unknown
  monthly_savings     DECIMAL(38, 2),    -- what the action alone would save
  net_monthly_savings DECIMAL(38, 2),    -- what it adds once overlaps are removed
  savings_low         DECIMAL(38, 2),    -- low end of the net saving
  savings_high        DECIMAL(38, 2),    -- high end of the net saving
  currency            VARCHAR,           -- currency of these amounts
  price_basis         VARCHAR NOT NULL,  -- billed | list | none
  conflict_group      VARCHAR,           -- findings of one group touch the same cost: they exclude or follow each other
  superseded_by       VARCHAR,           -- finding that is counted instead of this one
  confidence          VARCHAR NOT NULL,  -- high | medium | low
  confidence_reasons  JSON NOT NULL,     -- why not higher
  effort              VARCHAR NOT NULL,  -- low | medium | high
  risk                VARCHAR NOT NULL,  -- low | medium | high
  co2e                JSON NOT NULL,     -- emitted, saved and net saved kg with intervals and parts, and sources
  evidence            JSON NOT NULL,     -- figures behind the verdict and the money
  remediation         JSON NOT NULL,     -- command lines, never run by us
  status              VARCHAR NOT NULL,  -- new | open | reopened | exempt
  first_seen          TIMESTAMP NOT NULL, -- instant of the first audit that had it
  sources             JSON NOT NULL,     -- documents behind the thresholds
  exemption           JSON,              -- owner, reason, end and waste of an exempt one, else null
  overlap             JSON               -- what it shares with other findings, to net a part of them anew; else null
);

CREATE TABLE not_evaluated ( -- What an audit could not judge, and why. Missing data is never idle.
  run_id      VARCHAR NOT NULL, -- audit
  rule        VARCHAR NOT NULL, -- rule that could not judge
  cloud       VARCHAR NOT NULL, -- cloud
  account     VARCHAR NOT NULL, -- account or project
  region      VARCHAR,          -- region, NULL when it is about the whole account
  resource_id VARCHAR,          -- resource, NULL when it is about a whole scope
  reason      VARCHAR NOT NULL  -- one sentence
);

CREATE TABLE audits ( -- What each stored audit looked at, so that two of them can be compared.
  run_id VARCHAR NOT NULL,   -- audit
  as_of  TIMESTAMP NOT NULL, -- the instant it speaks about, UTC
  whole  BOOLEAN NOT NULL,   -- whether nothing limited it: only then is what it does not hold known to be gone
  forward BOOLEAN NOT NULL,  -- whether it wrote the history of findings forward: not one of an instant before the newest, or after all data
  limits JSON NOT NULL,      -- what limited it, by kind: clouds, accounts, projects, regions, rules, tags, min_savings
  rules  JSON NOT NULL       -- ids of the rules that ran
);

CREATE TABLE finding_history ( -- The life of each finding over all audits, with all that is needed to measure what became of it.
  id                  VARCHAR NOT NULL,   -- finding id
  first_seen          TIMESTAMP NOT NULL, -- first audit that had it
  last_seen           TIMESTAMP NOT NULL, -- latest audit that had it
  last_audit          TIMESTAMP NOT NULL, -- latest audit that could have had it
  status              VARCHAR NOT NULL,   -- new | open | reopened | exempt | resolved
  resolution          VARCHAR,            -- changed (the action was seen) | gone | no_longer_true | exempt; NULL while it is open, or not known
  rule                VARCHAR,            -- id of the rule; this and what follows are NULL where an older version stored it
  cloud               VARCHAR,            -- aws | alibaba | gcp
  account             VARCHAR,            -- account or project
  region              VARCHAR,            -- region
  resource_type       VARCHAR,            -- instance | volume …
  resource_id         VARCHAR,            -- id of the resource
  resource_name       VARCHAR,            -- its name: hostile text
  action              VARCHAR,            -- what was proposed: terminate | stop | resize …
  proposed            JSON,               -- what it should be
  was                 JSON,               -- what the inventory held of it when it was last open: state, type, size …; NULL when it is in none
  family              VARCHAR,            -- of a machine: the family of its type
  observed_at         TIMESTAMP,          -- when that inventory was collected, UTC
  cells               JSON,               -- the cost that the action changes: [[resource id, component], …]
  monthly_savings     DECIMAL(38, 2),     -- estimate when it was last open: what the action alone saves in 730 hours
  net_monthly_savings DECIMAL(38, 2),     -- what it added once overlaps were removed
  savings_low         DECIMAL(38, 2),     -- low end of the net saving
  savings_high        DECIMAL(38, 2),     -- high end of the net saving
  currency            VARCHAR,            -- currency of these amounts
  reopened            INTEGER NOT NULL,   -- how often it came back
  resolved_at         TIMESTAMP,          -- the audit that saw it resolved, UTC
  became              JSON,               -- what the inventory holds of it since; NULL when it is gone
  replaced_by         JSON                -- what took its place and costs, as far as the inventory tells: [[resource id, why], …]
);

CREATE TABLE finding_events ( -- What happened to findings, one row per change of state: their whole past, also where findings are pruned.
  finding_id VARCHAR NOT NULL,   -- finding
  run_id     VARCHAR NOT NULL,   -- audit that saw it; empty where an older version stored it
  as_of      TIMESTAMP NOT NULL, -- its instant, UTC
  event      VARCHAR NOT NULL,   -- new | reopened | exempt | resolved
  resolution VARCHAR             -- of resolved: changed | gone | no_longer_true; NULL where it is not known
);

CREATE TABLE decisions ( -- What people decided about findings; the latest decision of each counts.
  finding_id VARCHAR NOT NULL,   -- finding
  decision   VARCHAR NOT NULL,   -- agreed | rejected | done | noted (nothing yet, but an owner or a comment)
  owner      VARCHAR,            -- who takes care of it
  comment    VARCHAR,            -- why, in words
  decided_at TIMESTAMP NOT NULL, -- when it was recorded, UTC
  source     VARCHAR NOT NULL,   -- command line, or the file it was read from
  due        DATE                -- the day by which it is to be done; NULL: nobody named one
);

CREATE TABLE realised_savings ( -- What actions saved according to later bills, beside what was estimated; each audit measures the recent ones anew.
  finding_id      VARCHAR NOT NULL,   -- finding whose action was done
  resource_id     VARCHAR NOT NULL,   -- its resource
  action          VARCHAR NOT NULL,   -- what was proposed
  resolution      VARCHAR NOT NULL,   -- changed | gone
  resolved_at     TIMESTAMP NOT NULL, -- the audit that saw it, UTC
  state           VARCHAR NOT NULL,   -- measured | pending (too few settled days yet) | unknown (the bill cannot tell) | shared (counted with another finding)
  counted_with    VARCHAR,            -- finding that this one's amounts are counted with, because they changed the same cost
  currency        VARCHAR,            -- currency of the amounts
  estimate        DECIMAL(38, 2),     -- what was promised for 730 hours, of all findings counted here
  estimate_low    DECIMAL(38, 2),     -- low end of that
  estimate_high   DECIMAL(38, 2),     -- high end of that
  realised        DECIMAL(38, 2),     -- saved in 730 hours according to the bill; negative when it costs more; NULL unless measured
  realised_low    DECIMAL(38, 2),     -- low end: the controls' own spread, 80 %; NULL with too few controls
  realised_high   DECIMAL(38, 2),     -- high end
  cost_before     DECIMAL(38, 18),    -- cost of a day before, of all that the action touches
  cost_expected   DECIMAL(38, 18),    -- cost of a day after, had it gone on like its controls
  cost_after      DECIMAL(38, 18),    -- cost of a day after, with what took its place
  before_start    TIMESTAMP,          -- days before: the first
  before_end      TIMESTAMP,          -- and the end, exclusive
  after_start     TIMESTAMP,          -- days after: the first
  after_end       TIMESTAMP,          -- and the end, exclusive
  before_days     INTEGER NOT NULL,   -- days before that the bill covers
  settled_days    INTEGER NOT NULL,   -- days after that the bill covers and that are not provisional
  controls        INTEGER NOT NULL,   -- untouched resources of the same kind it was compared with
  control_factor  DOUBLE,             -- what their cost was multiplied by meanwhile; NULL with too few of them, and 1 was used
  as_of           TIMESTAMP NOT NULL, -- audit that measured it, UTC
  note            VARCHAR NOT NULL    -- how it was measured, or why not, in words
);

CREATE TABLE exemptions ( -- Accepted waste: what finops.mutes.toml and tags on resources asked to leave as it is, at each audit.
  run_id     VARCHAR NOT NULL, -- audit
  rule       VARCHAR NOT NULL, -- rule id, several with commas, or all; ? for a tag that cannot be read
  selector   VARCHAR NOT NULL, -- what it is about: resource, account, cloud, region, tag, or everything
  owner      VARCHAR NOT NULL, -- who decided
  reason     VARCHAR NOT NULL, -- why
  expires_at TIMESTAMP,        -- first instant at which it holds no more, UTC
  source     VARCHAR NOT NULL, -- file and number of the entry, or key of the tag
  state      VARCHAR NOT NULL, -- in_force | expired | refused
  note       VARCHAR,          -- why it does not hold
  findings   INTEGER NOT NULL  -- findings that it exempts
);
