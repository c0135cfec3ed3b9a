-- What the mappings (focus.sql and its like) and the loading share. Made on the writer's connection, whose
-- session reads times without a zone as UTC.

-- The number as written, in 18 decimals; NULL when it is none or too large for 20 digits before the point. Decimals
-- beyond the 18th are rounded half away from zero, so at most 5e-19 is lost. A DOUBLE means its shortest text (0.1 is
-- 0.1, where a cast would keep binary noise). Text is slow to make, so the 15 digits that fit come first: when they
-- give the same DOUBLE back they are that text, because no two numbers of 15 digits share a DOUBLE. With an exponent
-- DuckDB's cast lets through one digit too many and a point behind it, and cuts what is beyond 38 digits.
CREATE OR REPLACE TEMP MACRO money_with_exponent(x) AS
    CASE WHEN NOT regexp_matches(x, '[eE].*[.]') AND TRY_CAST(x AS DECIMAL(38, 18))
            BETWEEN -99999999999999999999.999999999999999999 AND 99999999999999999999.999999999999999999
         THEN TRY_CAST(x AS DECIMAL(38, 18)) END;
CREATE OR REPLACE TEMP MACRO money(x) AS
    CASE WHEN starts_with(typeof(x), 'DECIMAL') OR contains(typeof(x), 'INT') THEN TRY_CAST(x AS DECIMAL(38, 18))
         WHEN typeof(x) = 'DOUBLE' AND CAST(TRY_CAST(x AS DECIMAL(15, 12)) AS DOUBLE) = TRY_CAST(x AS DOUBLE)
         THEN CAST(TRY_CAST(x AS DECIMAL(15, 12)) AS DECIMAL(38, 18))
         WHEN contains(lower(CAST(x AS VARCHAR)), 'e') THEN money_with_exponent(CAST(x AS VARCHAR))
         ELSE TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 18)) END;

-- The instant in UTC; NULL when it is none. Never text straight to TIMESTAMP: that cast drops '+02:00' without a
-- word. By way of microseconds, because the cast from TIMESTAMPTZ asks a calendar and costs a hundred times more.
CREATE OR REPLACE TEMP MACRO instant(x) AS
    CASE WHEN typeof(x) IN ('TIMESTAMP', 'DATE') THEN TRY_CAST(x AS TIMESTAMP)
         ELSE make_timestamp(epoch_us(TRY_CAST(x AS TIMESTAMPTZ))) END;

-- The start of a billing period: a month that begins by a clock west of Greenwich (Google's is California's) is that month
-- all the same, or two exports of one bill would be two months.
CREATE OR REPLACE TEMP MACRO period_start(starts) AS
    CASE WHEN day(starts) = 1 AND hour(starts) BETWEEN 1 AND 12 THEN date_trunc('month', starts) ELSE starts END;

-- The end of a billing period, exclusive: the last day of the month in which it starts means that it is over then.
CREATE OR REPLACE TEMP MACRO period_end(ends, starts) AS
    CASE WHEN day(ends) > 27 AND date_trunc('month', ends) = date_trunc('month', starts)
              AND month(ends + INTERVAL 1 DAY) <> month(ends)
         THEN date_trunc('month', starts) + INTERVAL 1 MONTH ELSE ends END;

-- One of the given words in the given spelling, whatever its case; anything else as it is.
CREATE OR REPLACE TEMP MACRO spelled(x, a, b := NULL, c := NULL, d := NULL, e := NULL) AS
    CASE lower(x) WHEN lower(a) THEN a WHEN lower(b) THEN b WHEN lower(c) THEN c WHEN lower(d) THEN d
                  WHEN lower(e) THEN e ELSE x END;

-- The cloud behind a provider's name: ours where it is known, else the name in lower case with hyphens.
CREATE OR REPLACE TEMP MACRO cloud_of(provider) AS
    CASE WHEN provider IS NULL THEN 'unknown'
         WHEN provider = 'AWS' THEN 'aws' -- in most rows: saves the search
         WHEN regexp_matches(provider, '(?i)\baws\b|amazon') THEN 'aws'
         WHEN regexp_matches(provider, '(?i)google|\bgcp\b') THEN 'gcp'
         WHEN regexp_matches(provider, '(?i)alibaba|aliyun') THEN 'alibaba'
         WHEN regexp_matches(provider, '(?i)microsoft|azure') THEN 'azure'
         WHEN regexp_matches(provider, '(?i)oracle') THEN 'oracle'
         WHEN regexp_matches(provider, '(?i)tencent') THEN 'tencent'
         ELSE coalesce(nullif(trim(regexp_replace(lower(provider), '[^\pL\pN]+', '-', 'g'), '-'), ''), 'unknown') END;

-- The resource's id as the inventory writes it: the last part of an EC2 ARN, and of a Compute Engine path that ends
-- in a numeric id. A path that ends in a name keeps zone and kind: names repeat between zones and kinds. Google's other
-- services name what they have by its path in the project, and databases, buckets and clusters by their name alone.
CREATE OR REPLACE TEMP MACRO resource_key(id) AS
    CASE WHEN starts_with(id, 'arn:') -- split, not matched: nearly every row of an AWS bill comes through here
         THEN CASE WHEN (starts_with(split_part(id, ':', 6), 'instance/') OR starts_with(split_part(id, ':', 6), 'volume/')
                         OR starts_with(split_part(id, ':', 6), 'snapshot/')
                         OR starts_with(split_part(id, ':', 6), 'natgateway/')
                         OR starts_with(split_part(id, ':', 6), 'elastic-ip/')) AND NOT ends_with(id, '/')
                   THEN split_part(id, '/', -1) ELSE id END
         WHEN starts_with(id, '//') AND NOT starts_with(id, '//compute.googleapis.com/')
         THEN CASE WHEN regexp_matches(id, '^//(cloudsql|sqladmin|storage|container)\.googleapis\.com/projects/[^/]+/.*[^/]$')
                   THEN regexp_extract(id, '[^/]+$')
                   WHEN regexp_matches(id, '^//[a-z]+\.googleapis\.com/projects/[^/]+/.*[^/]$')
                   THEN regexp_replace(id, '^//[^/]+/projects/[^/]+/', '') ELSE id END
         WHEN NOT starts_with(id, '//compute.googleapis.com/projects/') AND NOT starts_with(id, 'projects/') THEN id
         WHEN regexp_matches(id, '^(//compute\.googleapis\.com/projects/|projects/).*/[0-9]+$') THEN regexp_extract(id, '[^/]+$')
         WHEN regexp_matches(id, '^(//compute\.googleapis\.com/projects/|projects/)[^/]+/.*[^/]$')
         THEN regexp_replace(id, '^(//compute\.googleapis\.com/)?projects/[^/]+/', '') ELSE id END;

-- --- AWS CUR 2.0 (cur2.sql) ----------------------------------------------------------------------------------

-- The first of two amounts that is there.
CREATE OR REPLACE TEMP MACRO either(a, b) AS coalesce(money(a), money(b));

-- The value of a key in a map that is JSON text; NULL where the text is none.
CREATE OR REPLACE TEMP MACRO entry(map, key) AS TRY(map ->> key);

-- Tags under the keys that users gave them: AWS puts user_ (CUR 2.0, Parquet) or user: (CSV) before each. Only keys
-- follow a brace or a comma with a quote at once; within a value the quote has a backslash before it.
CREATE OR REPLACE TEMP MACRO cur_tags(tags) AS regexp_replace(tags, '([{,]\s*")user[_:]', '\1', 'g');

-- FOCUS's category of a line item type. What is unknown stays as it is, so that its row is rejected with that word.
CREATE OR REPLACE TEMP MACRO cur_category(type) AS
    CASE WHEN type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation') THEN 'Usage'
         WHEN type IN ('Fee', 'RIFee', 'FlatRateSubscription', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee') THEN 'Purchase'
         WHEN type = 'Refund' OR ends_with(type, 'Discount') THEN 'Adjustment' ELSE type END;

-- What a row asks for on the invoice. A task or pod of split cost allocation is a part of its instance, whose row
-- has the whole cost; the unused part of a commitment is paid for by the fee's row.
CREATE OR REPLACE TEMP MACRO cur_billed(unused, parent, cost) AS
    CASE WHEN unused OR parent IS NOT NULL THEN 0 ELSE cost END;

-- Net over gross of a Savings Plan's own fees; NULL without net ones.
CREATE OR REPLACE TEMP MACRO cur_fees(net_upfront, net_recurring, upfront, recurring) AS
    CAST(nullif(coalesce(net_upfront, 0) + coalesce(net_recurring, 0), 0) AS DOUBLE)
    / CAST(nullif(coalesce(upfront, 0) + coalesce(recurring, 0), 0) AS DOUBLE);

-- What a row costs with commitments spread over their use. What is left unused of a Savings Plan costs what was paid
-- for it: `fees` is from cur_fees().
CREATE OR REPLACE TEMP MACRO cur_effective(
    type, unused, parent, reservation, cost, reserved, planned, upfront, recurring, committed, used, fees) AS
    CASE WHEN parent IS NOT NULL THEN 0
         WHEN unused AND type = 'RIFee' THEN coalesce(upfront, 0) + coalesce(recurring, 0)
         WHEN unused AND fees <> 1 THEN money(CAST(committed - used AS DOUBLE) * fees)
         WHEN unused THEN committed - used
         WHEN type = 'DiscountedUsage' THEN reserved
         WHEN type = 'SavingsPlanCoveredUsage' THEN planned
         -- Where what is left unused cannot be told, the fee is rejected with it: never half a row.
         WHEN type = 'SavingsPlanRecurringFee' THEN CASE WHEN committed IS NOT NULL AND used IS NOT NULL THEN 0 END
         WHEN type IN ('RIFee', 'SavingsPlanNegation', 'SavingsPlanUpfrontFee')
           OR (type = 'Fee' AND reservation IS NOT NULL) THEN 0
         ELSE cost END;

-- What a row costs at public prices; where none is told, what it asks for. A negation takes back what usage under a
-- Savings Plan asks for at prices on demand, which is no public price of its own.
CREATE OR REPLACE TEMP MACRO cur_list(type, unused, parent, cost, public) AS
    CASE WHEN unused OR parent IS NOT NULL OR type = 'SavingsPlanNegation' THEN 0
         WHEN type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
         THEN CASE WHEN public IS NULL OR (public = 0 AND cost <> 0) THEN cost ELSE public END
         ELSE cost END;

-- What a row costs at negotiated prices. Usage under a reservation tells only its public one.
CREATE OR REPLACE TEMP MACRO cur_contracted(type, unused, parent, cost, public) AS
    CASE WHEN unused OR parent IS NOT NULL OR type = 'SavingsPlanNegation' THEN 0
         WHEN type = 'DiscountedUsage' THEN coalesce(public, cost) ELSE cost END;

-- A unit in FOCUS's words: GB-Mo is GB-Months, Hrs is Hours.
CREATE OR REPLACE TEMP MACRO focus_unit(unit) AS
    regexp_replace(regexp_replace(unit, '\b(Mo|Month|month)$', 'Months'), '\b(Hrs|Hr|hours)$', 'Hours');

-- FOCUS's category and subcategory of an AWS service, of those that make up most bills; 'Other' is honest for the rest.
CREATE OR REPLACE TEMP MACRO aws_subcategory(service, meter, family) AS
    CASE WHEN service = 'AmazonEC2' AND contains(meter, 'EBS:') AND NOT contains(meter, 'EBSOptimized')
         THEN 'Block Storage'
         WHEN service = 'AmazonEC2' AND (contains(meter, 'NatGateway') OR contains(meter, 'PublicIPv4')
              OR contains(meter, 'ElasticIP')) THEN 'Network Infrastructure'
         WHEN service = 'AmazonEC2' AND (starts_with(family, 'Compute Instance')
              OR regexp_matches(meter, '(Box|Spot|Dedicated|Host)Usage')) THEN 'Virtual Machines'
         WHEN service IN ('AmazonEC2', 'AWSOutposts') THEN 'Other (Compute)'
         WHEN service = 'AmazonLightsail' THEN 'Virtual Machines'
         WHEN service IN ('AWSLambda', 'AWSAppRunner') THEN 'Serverless Compute'
         WHEN service IN ('AmazonECS', 'AmazonEKS', 'AmazonECR', 'AmazonECRPublic') THEN 'Containers'
         WHEN service IN ('AmazonS3', 'AmazonGlacier', 'AmazonS3GlacierDeepArchive') THEN 'Object Storage'
         WHEN service IN ('AmazonEFS', 'AmazonFSx') THEN 'File Storage'
         WHEN service = 'AWSBackup' THEN 'Backup Storage'
         WHEN service IN ('AmazonRDS', 'AmazonAurora') THEN 'Relational Databases'
         WHEN service IN ('AmazonDynamoDB', 'AmazonDocDB', 'AmazonNeptune', 'AmazonMCS') THEN 'NoSQL Databases'
         WHEN service IN ('AmazonElastiCache', 'AmazonMemoryDB', 'AmazonDAX') THEN 'Caching'
         WHEN service = 'AmazonRedshift' THEN 'Data Warehouses'
         WHEN service = 'AmazonTimestream' THEN 'Time Series Databases'
         WHEN service IN ('AmazonVPC', 'AWSELB') THEN 'Network Infrastructure'
         WHEN service IN ('AWSDirectConnect', 'AWSDataTransfer') THEN 'Network Connectivity'
         WHEN service IN ('AmazonRoute53', 'AWSGlobalAccelerator') THEN 'Network Routing'
         WHEN service = 'AmazonCloudFront' THEN 'Content Delivery'
         WHEN service = 'AWSNetworkFirewall' THEN 'Network Security'
         WHEN service = 'AmazonApiGateway' THEN 'API Management'
         WHEN service IN ('AWSQueueService', 'AmazonSNS', 'AWSEvents', 'AmazonMQ') THEN 'Messaging'
         WHEN service = 'AmazonStates' THEN 'Workflow Orchestration'
         WHEN service IN ('AmazonCloudWatch', 'AWSCloudTrail', 'AWSXRay', 'AmazonGrafana') THEN 'Observability'
         WHEN service IN ('AWSConfig', 'AWSSystemsManager') THEN 'Compliance'
         WHEN service IN ('AWSCostExplorer', 'AWSBudgets') THEN 'Cost Management'
         WHEN starts_with(service, 'AWSSupport') OR service = 'AWSDeveloperSupport' THEN 'Support'
         WHEN service IN ('awskms', 'AWSSecretsManager', 'CloudHSM') THEN 'Secret Management'
         WHEN service IN ('AmazonGuardDuty', 'AmazonInspectorV2', 'AmazonDetective', 'awswaf') THEN 'Threat Detection and Response'
         WHEN service = 'AWSSecurityHub' THEN 'Security Posture Management'
         WHEN service IN ('AmazonCognito', 'AWSDirectoryService') THEN 'Identity and Access Management'
         WHEN service IN ('AmazonSageMaker', 'AmazonRekognition', 'AmazonPersonalize') THEN 'Machine Learning'
         WHEN service IN ('AmazonBedrock', 'AmazonBedrockService', 'AmazonQ') THEN 'Generative AI'
         WHEN service IN ('AWSGlue', 'ElasticMapReduce', 'AmazonKinesis', 'AmazonKinesisFirehose', 'AmazonMSK') THEN 'Data Processing'
         WHEN service = 'AmazonAthena' THEN 'Analytics Platforms'
         WHEN service IN ('AmazonES', 'AmazonCloudSearch') THEN 'Search'
         WHEN service = 'AmazonQuickSight' THEN 'Business Intelligence'
         WHEN service IN ('CodeBuild', 'AWSCodePipeline', 'AWSCodeDeploy') THEN 'Continuous Integration and Deployment'
         WHEN service = 'AmazonWorkSpaces' THEN 'End User Computing'
         ELSE 'Other (Other)' END;
CREATE OR REPLACE TEMP MACRO focus_category(subcategory) AS
    CASE WHEN subcategory IN ('Virtual Machines', 'Serverless Compute', 'Containers', 'End User Computing', 'Other (Compute)')
         THEN 'Compute'
         WHEN subcategory IN ('Block Storage', 'Object Storage', 'File Storage', 'Backup Storage') THEN 'Storage'
         WHEN subcategory IN ('Relational Databases', 'NoSQL Databases', 'Caching', 'Data Warehouses', 'Time Series Databases')
         THEN 'Databases'
         WHEN subcategory IN ('Network Infrastructure', 'Network Connectivity', 'Network Routing', 'Content Delivery',
                              'Network Security') THEN 'Networking'
         WHEN subcategory IN ('API Management', 'Messaging', 'Workflow Orchestration') THEN 'Integration'
         WHEN subcategory IN ('Observability', 'Compliance', 'Cost Management', 'Support') THEN 'Management and Governance'
         WHEN subcategory IN ('Secret Management', 'Threat Detection and Response', 'Security Posture Management') THEN 'Security'
         WHEN subcategory = 'Identity and Access Management' THEN 'Identity'
         WHEN subcategory IN ('Machine Learning', 'Generative AI') THEN 'AI and Machine Learning'
         WHEN subcategory IN ('Data Processing', 'Analytics Platforms', 'Search', 'Business Intelligence') THEN 'Analytics'
         WHEN subcategory = 'Continuous Integration and Deployment' THEN 'Developer Tools'
         ELSE 'Other' END;

-- --- Google Cloud billing export (gcp.sql) -----------------------------------------------------------------------

-- A list of records as JSON; of the spelling that Python prints too, which is how some tools flatten an export. NULL
-- where the text is no list.
CREATE OR REPLACE TEMP MACRO gcp_list(text) AS
    CASE WHEN text IS NULL THEN '[]' WHEN starts_with(text, '[') AND json_valid(text) THEN text
         WHEN starts_with(text, '[{''') AND json_valid(replace(replace(text, '''', '"'), 'None', 'null'))
         THEN replace(replace(text, '''', '"'), 'None', 'null') END;

-- The sum of the credits' amounts; NULL where the list or an amount cannot be read.
CREATE OR REPLACE TEMP MACRO gcp_credit(credits) AS
    CASE WHEN credits IS NULL OR credits = '[]' THEN 0
         WHEN list_contains(list_transform(json_extract_string(gcp_list(credits), '$[*].amount'), lambda x : money(x) IS NULL), true)
           OR len(json_extract_string(gcp_list(credits), '$[*].amount')) < json_array_length(gcp_list(credits)) THEN NULL
         ELSE list_sum(list_transform(json_extract_string(gcp_list(credits), '$[*].amount'), lambda x : money(x))) END;
CREATE OR REPLACE TEMP MACRO gcp_net(cost, credits) AS CAST(cost + gcp_credit(credits) AS DECIMAL(38, 18));

-- The first day of an invoice's month, written 202610.
CREATE OR REPLACE TEMP MACRO gcp_month(month) AS
    CASE WHEN regexp_matches(month, '^[0-9]{4}(0[1-9]|1[0-2])$') THEN CAST(strptime(month || '01', '%Y%m%d') AS TIMESTAMP) END;

-- FOCUS's category of a cost type. What is unknown stays as it is, so that its row is rejected with that word.
CREATE OR REPLACE TEMP MACRO gcp_category(type) AS
    CASE lower(type) WHEN 'regular' THEN 'Usage' WHEN 'tax' THEN 'Tax' WHEN 'adjustment' THEN 'Adjustment'
         WHEN 'rounding_error' THEN 'Adjustment' WHEN 'roundoff' THEN 'Adjustment' ELSE type END;

-- The type of the commitment that a charge is under: by its credits, or, since 2025, by its consumption model.
CREATE OR REPLACE TEMP MACRO gcp_commitment(credits, model) AS
    CASE WHEN contains(credits, 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE') THEN 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE'
         WHEN contains(credits, 'COMMITTED_USAGE_DISCOUNT') THEN 'COMMITTED_USAGE_DISCOUNT'
         WHEN regexp_matches(model, '(?i)\bCUDs?\b|committed use') THEN 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE' END;
CREATE OR REPLACE TEMP MACRO gcp_committed_credit(credits) AS
    CASE WHEN contains(credits, 'COMMITTED_USAGE_DISCOUNT') THEN list_filter(
        json_extract(gcp_list(credits), '$[*]'), lambda x : starts_with(x ->> 'type', 'COMMITTED_USAGE_DISCOUNT'))[1] END;
CREATE OR REPLACE TEMP MACRO gcp_commitment_id(credits, model_id, model) AS
    CASE WHEN contains(credits, 'COMMITTED_USAGE_DISCOUNT')
         THEN coalesce(gcp_committed_credit(credits) ->> 'id', gcp_committed_credit(credits) ->> 'name')
         WHEN gcp_commitment(credits, model) IS NOT NULL THEN coalesce(model_id, model) END;
CREATE OR REPLACE TEMP MACRO gcp_commitment_name(credits, model) AS
    CASE WHEN contains(credits, 'COMMITTED_USAGE_DISCOUNT')
         THEN coalesce(gcp_committed_credit(credits) ->> 'full_name', gcp_committed_credit(credits) ->> 'name')
         WHEN gcp_commitment(credits, model) IS NOT NULL THEN model END;

-- Labels as a JSON object, those of the charge over those of the project; of a key that comes twice the first. Where they
-- are no list of pairs, the text is kept under the key `labels`.
CREATE OR REPLACE TEMP MACRO first_of_each(pairs) AS
    list_filter(pairs, lambda pair, place : list_position(list_transform(pairs, lambda each : each.key), pair.key) = place);
CREATE OR REPLACE TEMP MACRO gcp_pairs(labels) AS
    CASE WHEN labels IS NULL OR labels = '[]' THEN '{}' ELSE coalesce(
        TRY(CAST(to_json(map_from_entries(first_of_each(
            json_transform(gcp_list(labels), '[{"key": "VARCHAR", "value": "VARCHAR"}]')))) AS VARCHAR)),
        CAST(json_object('labels', labels) AS VARCHAR)) END;
CREATE OR REPLACE TEMP MACRO gcp_labels(project, labels) AS
    nullif(CASE WHEN project IS NULL OR project = '[]' THEN gcp_pairs(labels)
                ELSE CAST(json_merge_patch(gcp_pairs(project), gcp_pairs(labels)) AS VARCHAR) END, '{}');

-- The kind of a resource, from its path: //compute.googleapis.com/projects/p/zones/z/instances/1 is one of instances.
CREATE OR REPLACE TEMP MACRO gcp_resource_type(global_name, name) AS
    nullif(regexp_extract(CASE WHEN contains(global_name, '/') THEN global_name ELSE name END, '([^/]+)/[^/]+$', 1), '');

-- FOCUS's subcategory of a Google service, of those that make up most bills; 'Other' is honest for the rest.
CREATE OR REPLACE TEMP MACRO gcp_subcategory(service, sku) AS
    CASE WHEN service = 'Compute Engine' THEN
           CASE WHEN regexp_matches(sku, '(?i)\b(PD|Hyperdisk|Storage|Snapshot|Image)\b') AND NOT contains(sku, 'Instance')
                THEN 'Block Storage'
                WHEN regexp_matches(sku, '(?i)network|egress|ingress|data transfer|\bIP\b|\bNat\b|load balanc') THEN 'Network Infrastructure'
                ELSE 'Virtual Machines' END
         WHEN service IN ('Networking', 'Cloud DNS', 'Virtual Private Cloud') THEN 'Network Infrastructure'
         WHEN service = 'Cloud CDN' THEN 'Content Delivery'
         WHEN service = 'Cloud Storage' THEN 'Object Storage'
         WHEN service IN ('Cloud Filestore', 'Filestore', 'NetApp Volumes') THEN 'File Storage'
         WHEN service LIKE 'Backup%' THEN 'Backup Storage'
         WHEN service IN ('Cloud SQL', 'Cloud Spanner', 'AlloyDB') THEN 'Relational Databases'
         WHEN service IN ('Cloud Bigtable', 'Cloud Firestore', 'App Engine Firestore', 'Cloud Datastore') THEN 'NoSQL Databases'
         WHEN service LIKE '%Memorystore%' THEN 'Caching'
         WHEN service LIKE 'BigQuery%' THEN 'Data Warehouses'
         WHEN service IN ('Kubernetes Engine', 'Artifact Registry', 'Container Registry') THEN 'Containers'
         WHEN service IN ('Cloud Functions', 'Cloud Run', 'Cloud Run Functions', 'App Engine') THEN 'Serverless Compute'
         WHEN service IN ('Cloud Pub/Sub', 'Cloud Tasks', 'Eventarc') THEN 'Messaging'
         WHEN service IN ('Workflows', 'Cloud Composer') THEN 'Workflow Orchestration'
         WHEN service IN ('Cloud Logging', 'Cloud Monitoring', 'Stackdriver', 'Stackdriver Logging', 'Stackdriver Monitoring') THEN 'Observability'
         WHEN service IN ('Cloud Dataflow', 'Cloud Dataproc', 'Dataplex', 'Datastream') THEN 'Data Processing'
         WHEN service IN ('Vertex AI', 'Cloud Machine Learning Engine', 'Cloud Natural Language', 'Cloud Vision API') THEN 'Machine Learning'
         WHEN service IN ('Gemini API', 'Generative Language API') THEN 'Generative AI'
         WHEN service IN ('Secret Manager', 'Cloud Key Management Service (KMS)') THEN 'Secret Management'
         WHEN service IN ('Security Command Center', 'Cloud Armor') THEN 'Threat Detection and Response'
         WHEN service IN ('Identity Platform', 'Cloud Identity') THEN 'Identity and Access Management'
         WHEN service = 'Cloud Build' THEN 'Continuous Integration and Deployment'
         WHEN service = 'Support' OR service LIKE '%Customer Care%' THEN 'Support'
         ELSE 'Other (Other)' END;
