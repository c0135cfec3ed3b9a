-- The whole catalogue: what further rules read of the three clouds.

ALTER TABLE instances ADD COLUMN vpc_id VARCHAR;
ALTER TABLE instances ADD COLUMN subnet_id VARCHAR;
ALTER TABLE instances ADD COLUMN image_id VARCHAR;
ALTER TABLE instance_types ADD COLUMN line VARCHAR;
ALTER TABLE snapshots ADD COLUMN full_bytes DOUBLE;
ALTER TABLE snapshots ADD COLUMN kind VARCHAR;
ALTER TABLE snapshots ADD COLUMN locked_until TIMESTAMP;
ALTER TABLE load_balancers ADD COLUMN backends_known BOOLEAN;
ALTER TABLE load_balancers ADD COLUMN purchase_model VARCHAR;
ALTER TABLE load_balancers ADD COLUMN expires_at TIMESTAMP;
ALTER TABLE load_balancers ADD COLUMN auto_renew BOOLEAN;
ALTER TABLE nat_gateways ADD COLUMN vpc_id VARCHAR;
ALTER TABLE nat_gateways ADD COLUMN subnet_id VARCHAR;
ALTER TABLE nat_gateways ADD COLUMN public_ips INTEGER;
ALTER TABLE nat_gateways ADD COLUMN purchase_model VARCHAR;
ALTER TABLE nat_gateways ADD COLUMN expires_at TIMESTAMP;
ALTER TABLE nat_gateways ADD COLUMN auto_renew BOOLEAN;
ALTER TABLE databases ADD COLUMN kind VARCHAR;
ALTER TABLE databases ADD COLUMN zone VARCHAR;
ALTER TABLE databases ADD COLUMN vcpu DOUBLE;
ALTER TABLE databases ADD COLUMN memory_gib DOUBLE;
ALTER TABLE databases ADD COLUMN state_since TIMESTAMP;
ALTER TABLE databases ADD COLUMN serverless BOOLEAN;
ALTER TABLE databases ADD COLUMN cluster_id VARCHAR;
ALTER TABLE databases ADD COLUMN expires_at TIMESTAMP;
ALTER TABLE databases ADD COLUMN auto_renew BOOLEAN;
ALTER TABLE buckets ADD COLUMN location_type VARCHAR;
ALTER TABLE buckets ADD COLUMN standard_bytes DOUBLE;
ALTER TABLE buckets ADD COLUMN adapts_class BOOLEAN;
ALTER TABLE buckets ADD COLUMN moves_class BOOLEAN;
ALTER TABLE buckets ADD COLUMN expires_versions BOOLEAN;
ALTER TABLE buckets ADD COLUMN unfinished_uploads BIGINT;
ALTER TABLE buckets ADD COLUMN unfinished_bytes DOUBLE;
ALTER TABLE buckets ADD COLUMN unfinished_since TIMESTAMP;
ALTER TABLE scaling_groups ADD COLUMN kind VARCHAR;
ALTER TABLE scaling_groups ADD COLUMN cluster VARCHAR;
ALTER TABLE scaling_groups ADD COLUMN autoscaled BOOLEAN;
ALTER TABLE scaling_groups ADD COLUMN created_at TIMESTAMP;
ALTER TABLE commitments ADD COLUMN auto_renew BOOLEAN;
ALTER TABLE commitments ADD COLUMN remaining DOUBLE;
ALTER TABLE commitments ADD COLUMN name VARCHAR;
ALTER TABLE commitments ADD COLUMN offering VARCHAR;
ALTER TABLE commitments ADD COLUMN platform VARCHAR;
ALTER TABLE traffic ADD COLUMN source_address VARCHAR;
ALTER TABLE traffic ADD COLUMN destination_address VARCHAR;
ALTER TABLE traffic ADD COLUMN service VARCHAR;
ALTER TABLE traffic ADD COLUMN gateway VARCHAR;
ALTER TABLE traffic ADD COLUMN flow_source VARCHAR;
ALTER TABLE traffic ADD COLUMN destination_account VARCHAR;

CREATE TABLE commitment_offers (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  offer_id VARCHAR NOT NULL,
  sku VARCHAR NOT NULL,
  platform VARCHAR,
  zone VARCHAR,
  offering VARCHAR,
  payment VARCHAR,
  months DOUBLE NOT NULL,
  upfront DECIMAL(38, 18) NOT NULL,
  hourly DECIMAL(38, 18) NOT NULL,
  quantity BIGINT NOT NULL,
  currency VARCHAR NOT NULL,
  as_of TIMESTAMP NOT NULL
);
CREATE TABLE clusters (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  cluster_id VARCHAR NOT NULL,
  name VARCHAR,
  kind VARCHAR,
  version VARCHAR,
  state VARCHAR,
  mode VARCHAR,
  created_at TIMESTAMP
);
CREATE TABLE repositories (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  repository_id VARCHAR NOT NULL,
  name VARCHAR,
  registry VARCHAR,
  has_cleanup BOOLEAN,
  stored_bytes DOUBLE,
  pulls_known BOOLEAN,
  created_at TIMESTAMP
);
CREATE TABLE registry_images (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  repository_id VARCHAR NOT NULL,
  image_id VARCHAR NOT NULL,
  tagged BOOLEAN,
  stored_bytes DOUBLE,
  pushed_at TIMESTAMP,
  last_pulled_at TIMESTAMP
);
CREATE TABLE ml_endpoints (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  endpoint_id VARCHAR NOT NULL,
  name VARCHAR,
  kind VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  state_since TIMESTAMP,
  instance_type VARCHAR,
  instances INTEGER,
  created_at TIMESTAMP,
  last_used_at TIMESTAMP
);
CREATE TABLE log_groups (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  log_group_id VARCHAR NOT NULL,
  name VARCHAR,
  stored_bytes DOUBLE,
  retention_days INTEGER,
  unlimited BOOLEAN,
  free_days INTEGER,
  storage_class VARCHAR,
  created_at TIMESTAMP
);
CREATE TABLE functions (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  function_id VARCHAR NOT NULL,
  name VARCHAR,
  kind VARCHAR,
  runtime VARCHAR,
  architecture VARCHAR,
  memory_mib DOUBLE,
  vcpu DOUBLE,
  kept_warm DOUBLE,
  created_at TIMESTAMP,
  modified_at TIMESTAMP
);
CREATE TABLE subnets (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  subnet_id VARCHAR NOT NULL,
  vpc_id VARCHAR,
  zone VARCHAR,
  cidr VARCHAR,
  private_access BOOLEAN,
  services VARCHAR
);
CREATE TABLE network_addresses (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR NOT NULL,
  vpc_id VARCHAR,
  address VARCHAR NOT NULL,
  interface_id VARCHAR,
  resource_id VARCHAR,
  resource_type VARCHAR,
  zone VARCHAR,
  is_public BOOLEAN NOT NULL
);
CREATE TABLE flow_files (
  source VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  fingerprint VARCHAR NOT NULL,
  flow_source VARCHAR NOT NULL,
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  first_at TIMESTAMP,
  last_at TIMESTAMP,
  records BIGINT NOT NULL,
  bytes DOUBLE NOT NULL,
  refused BIGINT NOT NULL,
  no_data BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  repeated BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  loaded_at TIMESTAMP NOT NULL,
  run_id VARCHAR NOT NULL
);
CREATE TABLE flow_windows (
  source VARCHAR NOT NULL,
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  window_start TIMESTAMP NOT NULL,
  records BIGINT NOT NULL,
  digest UBIGINT NOT NULL
);
CREATE TABLE flow_pairs (
  cloud VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  region VARCHAR,
  flow_source VARCHAR NOT NULL,
  day TIMESTAMP NOT NULL,
  vpc_id VARCHAR,
  reporter VARCHAR,
  reporter_resource VARCHAR,
  reporter_zone VARCHAR,
  side VARCHAR,
  source_address VARCHAR NOT NULL,
  destination_address VARCHAR NOT NULL,
  source_hop VARCHAR,
  destination_hop VARCHAR,
  source_resource VARCHAR,
  source_zone VARCHAR,
  destination_resource VARCHAR,
  destination_zone VARCHAR,
  service VARCHAR,
  bytes DOUBLE NOT NULL,
  records BIGINT NOT NULL
);
