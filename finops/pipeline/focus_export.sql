-- charges → FOCUS 1.2, for `finops export focus`.
--
-- Below the line SELECT: one line per column, `expression AS Column, -- what becomes of it`. bill.X is the column X of
-- `charges`; a bare X is the column X of a line above. docs/export.md repeats these lines (a test compares them).
-- No line touches BilledCost or EffectiveCost, and none makes up a quantity or a price. What the bill says and FOCUS
-- does not allow is kept in a column x_X; what the bill leaves empty and a line fills is named in x_Filled, which the
-- export adds, as it does the columns of `charges` that are not of FOCUS 1.2.
--
-- since 1.1: CapacityReservationId, CapacityReservationStatus, CommitmentDiscountQuantity, CommitmentDiscountUnit, ServiceSubcategory, SkuMeter, SkuPriceDetails
-- since 1.2: BillingAccountType, InvoiceId, PricingCurrency, PricingCurrencyContractedUnitPrice, PricingCurrencyEffectiveCost, PricingCurrencyListUnitPrice, SubAccountType

-- --- what the lines share ------------------------------------------------------------------------------------

-- An instant of UTC that says so in Parquet.
CREATE OR REPLACE TEMP MACRO utc(x) AS make_timestamptz(epoch_us(x));

-- Price times quantity as far as a DOUBLE is exact. None for a correction, where FOCUS lets them differ.
CREATE OR REPLACE TEMP MACRO product(class, price, quantity) AS
    CASE WHEN class IS NULL
         THEN TRY_CAST(round(CAST(price AS DOUBLE) * CAST(quantity AS DOUBLE), 12) AS DECIMAL(38, 18)) END;

-- FOCUS knows no price of a tax and no negative price.
CREATE OR REPLACE TEMP MACRO unit_price(category, price) AS
    CASE WHEN category <> 'Tax' AND price >= 0 THEN price END;

-- How often a charge comes; FOCUS rules out a purchase by usage.
CREATE OR REPLACE TEMP MACRO frequency(category, told) AS
    CASE WHEN category = 'Purchase' AND told = 'Usage-Based' THEN 'One-Time'
         WHEN told IN ('One-Time', 'Recurring', 'Usage-Based') THEN told
         WHEN category = 'Usage' THEN 'Usage-Based' ELSE 'One-Time' END;

-- How a charge is priced.
CREATE OR REPLACE TEMP MACRO pricing(category, told, commitment) AS
    CASE WHEN category = 'Tax' THEN NULL
         WHEN told IN ('Standard', 'Dynamic', 'Committed', 'Other') THEN told
         WHEN category NOT IN ('Usage', 'Purchase') THEN NULL
         WHEN commitment IS NOT NULL THEN 'Committed' ELSE 'Other' END;

-- A unit price in the pricing currency: told, or the one in the billing currency where both are one.
CREATE OR REPLACE TEMP MACRO priced_in(pricing_currency, billing_currency, category, told, price) AS
    CASE WHEN category <> 'Tax' AND told >= 0 THEN told WHEN pricing_currency = billing_currency THEN price END;

-- Who issues the invoice: the provider by its own name where it is one of its companies.
CREATE OR REPLACE TEMP MACRO issuer(cloud, told, provider) AS
    CASE WHEN told IS NULL OR cloud_of(told) = cloud THEN coalesce(provider, told, 'Unspecified') ELSE told END;

-- Whether a commitment's amount may stand on a charge.
CREATE OR REPLACE TEMP MACRO is_committed(commitment, category, class) AS
    commitment IS NOT NULL AND category IN ('Usage', 'Purchase') AND class IS DISTINCT FROM 'Correction';

-- The kind of a sub account, by cloud.
CREATE OR REPLACE TEMP MACRO kind_of_account(cloud) AS
    CASE cloud WHEN 'gcp' THEN 'Project' WHEN 'azure' THEN 'Subscription' ELSE 'Account' END;

-- Whether FOCUS wants a consumed quantity.
CREATE OR REPLACE TEMP MACRO is_metered(category, status) AS
    category = 'Usage' AND status IS DISTINCT FROM 'Unused';

-- A unit in FOCUS's format: GB, GB-Months, GB/Hour, 1000 Requests, Requests/3 Months. Sizes and times get FOCUS's words
-- (gibibyte-month: GiB-Months, Hrs: Hours), a time at the end its hyphen (GB Hours: GB-Hours), other marks become words
-- (Lambda-GB-Seconds: Lambda GB-Seconds), 10K is 10000 Units. What is still none is Units.
CREATE OR REPLACE TEMP MACRO is_unit(x) AS regexp_full_match(x,
    '([0-9]+ )?[A-Za-z][A-Za-z0-9]*( [A-Za-z][A-Za-z0-9]*)*'
    || '|[A-Za-z][A-Za-z0-9]*( [A-Za-z][A-Za-z0-9]*)*'
    || '(-(Years|Months|Days|Hours|Minutes|Seconds)|/([0-9]+ (Years|Months|Days|Hours|Minutes|Seconds)'
    || '|Year|Month|Day|Hour|Minute|Second))');
CREATE OR REPLACE TEMP MACRO size_words(x) AS
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(x, '\b[Gg]igabytes?\b', 'GB'),
        '\bmebibytes?\b', 'MiB'), '\bgibibytes?\b', 'GiB'), '\btebibytes?\b', 'TiB');
CREATE OR REPLACE TEMP MACRO one_of(x) AS
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(trim(x),
        '^1 ', ''), '^1/', 'Units/'), '^([0-9]+)K$', '\1000 Units'), '^([0-9]+)M$', '\1000000 Units'),
        '^(\S+) [Pp]er (Year|Month|Day|Hour|Minute|Second)$', '\1/\2');
CREATE OR REPLACE TEMP MACRO time_words(x) AS
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(size_words(one_of(x)),
        '(^|[^/A-Za-z])(Mo|months?|Month)$', '\1Months'), '(^|[^/A-Za-z])([Hh]rs?|hours?|Hour)$', '\1Hours'),
        '(^|[^/A-Za-z])(seconds?|Second)$', '\1Seconds'),
        '^([A-Za-z][^/]*\S) (Years|Months|Days|Hours|Minutes|Seconds)$', '\1-\2');
CREATE OR REPLACE TEMP MACRO in_words(x) AS
    regexp_replace(trim(regexp_replace(regexp_replace(replace(x, '/', ' per '), '[^A-Za-z0-9]+', ' ', 'g'), '^ *per ', '')),
        ' (Years|Months|Days|Hours|Minutes|Seconds)$', '-\1');
CREATE OR REPLACE TEMP MACRO unit(x) AS
    CASE WHEN x IN ('Hours', 'GB', 'GB-Months', 'Requests', 'Seconds', 'Units') THEN x
         WHEN is_unit(time_words(x)) THEN time_words(x)
         WHEN is_unit(in_words(time_words(x))) THEN in_words(time_words(x))
         WHEN x IS NOT NULL THEN 'Units' END;

-- JSON text that is an object of keys and values; anything else is none.
CREATE OR REPLACE TEMP MACRO key_values(x) AS
    CASE WHEN x = '{}' OR (json_valid(x) AND json_type(x) = 'OBJECT') THEN x END;

-- The same where every key is FOCUS's own or begins with x_. What holds a key twice is none.
CREATE OR REPLACE TEMP MACRO focus_key(key) AS
    CASE WHEN starts_with(key, 'x_') OR key IN ('CoreCount', 'DiskMaxIops', 'DiskSpace', 'DiskType', 'GpuCount',
              'InstanceType', 'InstanceSeries', 'MemorySize', 'NetworkMaxIops', 'NetworkMaxThroughput',
              'OperatingSystem', 'Redundancy', 'StorageClass') THEN key ELSE 'x_' || key END;
CREATE OR REPLACE TEMP MACRO price_details(x) AS
    CASE WHEN key_values(x) IS NULL THEN NULL
         WHEN len(list_filter(json_keys(x), lambda key: focus_key(key) <> key)) = 0 THEN x
         ELSE TRY(CAST(to_json(map_from_entries(list_transform(map_entries(CAST(CAST(x AS JSON) AS MAP(VARCHAR, JSON))),
              lambda entry: struct_pack(key := focus_key(entry.key), value := entry.value)))) AS VARCHAR)) END;

-- The kind of a resource, from ids that name it.
CREATE OR REPLACE TEMP MACRO kind_of(id) AS
    CASE WHEN starts_with(id, 'arn:')
         THEN coalesce(nullif(regexp_extract(id, '^arn:[^:]*:[^:]*:[^:]*:[^:]*:/?([A-Za-z][A-Za-z-]*)[/:]', 1), ''),
                       nullif(regexp_extract(id, '^arn:[^:]*:([^:]+):', 1), ''), 'Unspecified')
         WHEN starts_with(id, 'ocid1.') THEN regexp_extract(id, '^ocid1\.([^.]*)', 1)
         WHEN contains(id, '/providers/')
         THEN coalesce(nullif(regexp_extract(id, '.*/providers/([^/]+/[^/]+)/[^/]+', 1), ''), 'Unspecified')
         WHEN regexp_matches(id, '^(//|projects/).*/[a-z][A-Za-z]*/[^/]+$')
         THEN regexp_extract(id, '/([a-z][A-Za-z]*)/[^/]+$', 1)
         WHEN starts_with(id, 'i-') THEN 'instance'
         WHEN starts_with(id, 'vol-') OR starts_with(id, 'd-') THEN 'volume'
         ELSE 'Unspecified' END;

-- The categories of FOCUS 1.2 and their subcategories; each has Other (its name) too.
CREATE OR REPLACE TEMP TABLE focus_categories AS
SELECT category, unnest(list_append(subcategories, 'Other (' || category || ')')) AS subcategory
FROM (VALUES
    ('AI and Machine Learning', ['AI Platforms', 'Bots', 'Generative AI', 'Machine Learning',
        'Natural Language Processing']),
    ('Analytics', ['Analytics Platforms', 'Business Intelligence', 'Data Processing', 'Search',
        'Streaming Analytics']),
    ('Business Applications', ['Productivity and Collaboration']),
    ('Compute', ['Containers', 'End User Computing', 'Quantum Compute', 'Serverless Compute', 'Virtual Machines']),
    ('Databases', ['Caching', 'Data Warehouses', 'Ledger Databases', 'NoSQL Databases', 'Relational Databases',
        'Time Series Databases']),
    ('Developer Tools', ['Developer Platforms', 'Continuous Integration and Deployment',
        'Development Environments', 'Source Code Management', 'Quality Assurance']),
    ('Identity', ['Identity and Access Management']),
    ('Integration', ['API Management', 'Messaging', 'Workflow Orchestration']),
    ('Internet of Things', ['IoT Analytics', 'IoT Platforms']),
    ('Management and Governance', ['Architecture', 'Compliance', 'Cost Management', 'Data Governance',
        'Disaster Recovery', 'Endpoint Management', 'Observability', 'Support']),
    ('Media', ['Content Creation', 'Gaming', 'Media Streaming', 'Mixed Reality']),
    ('Migration', ['Data Migration', 'Resource Migration']),
    ('Mobile', []),
    ('Multicloud', ['Multicloud Integration']),
    ('Networking', ['Application Networking', 'Content Delivery', 'Network Connectivity', 'Network Infrastructure',
        'Network Routing', 'Network Security']),
    ('Security', ['Secret Management', 'Security Posture Management', 'Threat Detection and Response']),
    ('Storage', ['Backup Storage', 'Block Storage', 'File Storage', 'Object Storage', 'Storage Platforms']),
    ('Web', ['Application Platforms']),
    ('Other', [])
) AS known(category, subcategories);

-- FOCUS: one category per service, that of its primary purpose. Well-known services whose bills mix several:
CREATE OR REPLACE TEMP TABLE focus_purposes AS
FROM (VALUES
    ('Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines'),
    ('Amazon Elastic Compute Cloud - Compute', 'Compute', 'Virtual Machines'),
    ('AmazonEC2', 'Compute', 'Virtual Machines'),
    ('Amazon Virtual Private Cloud', 'Networking', 'Network Infrastructure'),
    ('Compute Engine', 'Compute', 'Virtual Machines'),
    ('Elastic Compute Service', 'Compute', 'Virtual Machines'),
    ('Virtual Machines', 'Compute', 'Virtual Machines')
) AS known(service, category, subcategory);

-- Any other service: what most charges of the whole warehouse say, by name where two say it as often.
CREATE OR REPLACE TEMP TABLE focus_services AS
WITH counted AS (
    SELECT ServiceName, ServiceCategory, ServiceSubcategory, count(*) AS charges FROM charges GROUP BY ALL
), told AS (
    SELECT coalesce(ServiceName, 'Unspecified') AS service, coalesce(parent.category, 'Other') AS category,
           child.subcategory, sum(charges) AS charges
    FROM counted
    LEFT JOIN (SELECT DISTINCT category FROM focus_categories) AS parent ON parent.category = ServiceCategory
    LEFT JOIN focus_categories AS child ON child.category = ServiceCategory AND child.subcategory = ServiceSubcategory
    GROUP BY ALL
), main AS (
    SELECT service, category FROM told GROUP BY service, category
    QUALIFY row_number() OVER (PARTITION BY service ORDER BY sum(charges) DESC, category) = 1
), finer AS (
    SELECT service, category, subcategory FROM main JOIN told USING (service, category)
    QUALIFY row_number() OVER (PARTITION BY service ORDER BY subcategory IS NULL, charges DESC, subcategory) = 1
)
SELECT service, coalesce(purpose.category, finer.category) AS category,
       coalesce(purpose.subcategory, finer.subcategory, 'Other (' || finer.category || ')') AS subcategory
FROM finer LEFT JOIN focus_purposes AS purpose USING (service);

-- --- the columns ---------------------------------------------------------------------------------------------

SELECT
    bill.AvailabilityZone AS AvailabilityZone, -- as it is
    bill.BilledCost AS BilledCost, -- as it is, always
    bill.BillingAccountId AS BillingAccountId, -- as it is, leading zeros too
    coalesce(bill.BillingAccountName, bill.BillingAccountId) AS BillingAccountName, -- where the bill has no name, the id: FOCUS wants a name
    coalesce(bill.BillingAccountType, 'Billing Account') AS BillingAccountType, -- where the bill has none (before FOCUS 1.2), Billing Account: FOCUS wants one
    bill.BillingCurrency AS BillingCurrency, -- as it is
    utc(coalesce(bill.BillingPeriodEnd, date_trunc('month', bill.BillingPeriodStart) + INTERVAL 1 MONTH)) AS BillingPeriodEnd, -- where the bill has none, the end of the month of the start
    utc(bill.BillingPeriodStart) AS BillingPeriodStart, -- as it is
    bill.CapacityReservationId AS CapacityReservationId, -- as it is
    CASE WHEN bill.CapacityReservationId IS NOT NULL THEN bill.CapacityReservationStatus END AS CapacityReservationStatus, -- null without a reservation
    bill.ChargeCategory AS ChargeCategory, -- as it is
    CASE WHEN bill.ChargeClass = 'Correction' THEN bill.ChargeClass END AS ChargeClass, -- Correction or null, FOCUS knows no other
    coalesce(bill.ChargeDescription, bill.SkuMeter, bill.x_UsageType, bill.ServiceName, bill.ChargeCategory) AS ChargeDescription, -- where the bill has none, what is metered, else the service, else the category
    frequency(bill.ChargeCategory, bill.ChargeFrequency) AS ChargeFrequency, -- where the bill has none that FOCUS knows, Usage-Based for usage and else One-Time; One-Time for a purchase that the bill calls usage-based, which FOCUS rules out
    utc(bill.ChargePeriodEnd) AS ChargePeriodEnd, -- as it is
    utc(bill.ChargePeriodStart) AS ChargePeriodStart, -- as it is
    CASE WHEN bill.CommitmentDiscountId IS NOT NULL THEN bill.CommitmentDiscountCategory END AS CommitmentDiscountCategory, -- null without a commitment
    bill.CommitmentDiscountId AS CommitmentDiscountId, -- as it is
    CASE WHEN bill.CommitmentDiscountId IS NOT NULL THEN bill.CommitmentDiscountName END AS CommitmentDiscountName, -- null without a commitment
    CASE WHEN is_committed(bill.CommitmentDiscountId, bill.ChargeCategory, bill.ChargeClass) THEN bill.CommitmentDiscountQuantity END AS CommitmentDiscountQuantity, -- null without a commitment, for a correction, and for what is neither usage nor purchase
    CASE WHEN bill.CommitmentDiscountId IS NOT NULL THEN bill.CommitmentDiscountStatus END AS CommitmentDiscountStatus, -- null without a commitment
    CASE WHEN bill.CommitmentDiscountId IS NOT NULL THEN bill.CommitmentDiscountType END AS CommitmentDiscountType, -- null without a commitment
    CASE WHEN CommitmentDiscountQuantity IS NOT NULL THEN unit(bill.CommitmentDiscountUnit) END AS CommitmentDiscountUnit, -- in FOCUS's unit format; null without a quantity
    CASE WHEN is_metered(bill.ChargeCategory, bill.CommitmentDiscountStatus) THEN bill.ConsumedQuantity END AS ConsumedQuantity, -- null for what is not usage and for the unused part of a commitment: nothing is consumed there
    CASE WHEN ConsumedQuantity IS NOT NULL THEN unit(coalesce(bill.ConsumedUnit, 'Units')) END AS ConsumedUnit, -- in FOCUS's unit format; where the bill has none, Units; null without a quantity
    coalesce(bill.ContractedCost, product(bill.ChargeClass, bill.ContractedUnitPrice, bill.PricingQuantity), CASE WHEN bill.CommitmentDiscountStatus = 'Used' THEN bill.ListCost END, bill.BilledCost) AS ContractedCost, -- where the bill has none: contracted price × quantity, else of usage under a commitment the list cost, else the billed cost, as FOCUS has it for a charge without a price
    unit_price(bill.ChargeCategory, bill.ContractedUnitPrice) AS ContractedUnitPrice, -- null for a tax and where it is negative; never made up
    bill.EffectiveCost AS EffectiveCost, -- as it is, always; where x_CostBasis is billed it is unusable, and x_Cost has the cost to reckon with
    coalesce(bill.InvoiceId, 'provisional ' || bill.BillingAccountId || ' ' || strftime(bill.BillingPeriodStart, '%Y-%m')) AS InvoiceId, -- where the bill has none, a provisional one of account and month, which begins with the word provisional: the validator wants one on every row
    issuer(bill.x_Cloud, bill.InvoiceIssuerName, bill.ProviderName) AS InvoiceIssuerName, -- the name of the provider where the provider's own company issues the invoice (AWS for Amazon Web Services, Inc. and its sisters) or the bill has none: FOCUS tells third parties by two different names and wants their charges at 0
    coalesce(bill.ListCost, product(bill.ChargeClass, bill.ListUnitPrice, bill.PricingQuantity), bill.ContractedCost, bill.BilledCost) AS ListCost, -- where the bill has none: list price × quantity, else the contracted cost, else the billed cost, as FOCUS has it for a charge without a price
    unit_price(bill.ChargeCategory, bill.ListUnitPrice) AS ListUnitPrice, -- null for a tax and where it is negative; never made up
    pricing(bill.ChargeCategory, bill.PricingCategory, bill.CommitmentDiscountId) AS PricingCategory, -- null for a tax; where usage or a purchase has none that FOCUS knows, Committed with a commitment, else Other
    coalesce(bill.PricingCurrency, bill.BillingCurrency) AS PricingCurrency, -- where the bill has none, the billing currency: prices are in it unless a bill says otherwise
    priced_in(PricingCurrency, bill.BillingCurrency, bill.ChargeCategory, bill.PricingCurrencyContractedUnitPrice, ContractedUnitPrice) AS PricingCurrencyContractedUnitPrice, -- where the bill has none and both currencies are one, ContractedUnitPrice
    CASE WHEN bill.PricingCurrencyEffectiveCost IS NULL AND PricingCurrency = bill.BillingCurrency THEN bill.EffectiveCost ELSE bill.PricingCurrencyEffectiveCost END AS PricingCurrencyEffectiveCost, -- where the bill has none and both currencies are one, EffectiveCost
    priced_in(PricingCurrency, bill.BillingCurrency, bill.ChargeCategory, bill.PricingCurrencyListUnitPrice, ListUnitPrice) AS PricingCurrencyListUnitPrice, -- where the bill has none and both currencies are one, ListUnitPrice
    CASE WHEN bill.ChargeCategory <> 'Tax' THEN bill.PricingQuantity END AS PricingQuantity, -- null for a tax; never made up
    CASE WHEN PricingQuantity IS NOT NULL THEN unit(coalesce(bill.PricingUnit, bill.ConsumedUnit, 'Units')) END AS PricingUnit, -- in FOCUS's unit format; where the bill has none, the consumed unit, else Units; null without a quantity
    coalesce(bill.ProviderName, bill.InvoiceIssuerName, 'Unspecified') AS ProviderName, -- where the bill has none, who issues the invoice
    coalesce(bill.PublisherName, ProviderName) AS PublisherName, -- where the bill has none, the provider
    coalesce(bill.RegionId, CASE WHEN regexp_full_match(bill.RegionName, '[a-z0-9-]+') THEN bill.RegionName END) AS RegionId, -- where the bill has none, the region's name if it is an id (Oracle writes it there)
    CASE WHEN RegionId IS NOT NULL THEN coalesce(bill.RegionName, RegionId) END AS RegionName, -- null without an id; where the bill has none, the id
    bill.ResourceId AS ResourceId, -- as it is
    CASE WHEN bill.ResourceId IS NOT NULL THEN bill.ResourceName END AS ResourceName, -- null without an id
    CASE WHEN bill.ResourceId IS NOT NULL THEN coalesce(bill.ResourceType, kind_of(bill.ResourceId)) END AS ResourceType, -- null without an id; where the bill has none, the kind that the id names, else Unspecified
    service.category AS ServiceCategory, -- one per service, as FOCUS demands: that of its main purpose, for services not known by name that of most charges in the warehouse
    coalesce(bill.ServiceName, 'Unspecified') AS ServiceName, -- where the bill has none, Unspecified
    service.subcategory AS ServiceSubcategory, -- one per service, below its category; where no charge of the service has one, Other
    CASE WHEN bill.ChargeCategory <> 'Tax' THEN bill.SkuId END AS SkuId, -- null for a tax; never made up
    CASE WHEN SkuId IS NOT NULL THEN coalesce(bill.SkuMeter, bill.x_UsageType, bill.ChargeDescription) END AS SkuMeter, -- null without a SKU; where the bill has none (before FOCUS 1.1), AWS's usage type, else the description
    CASE WHEN bill.ChargeCategory <> 'Tax' AND bill.SkuPriceId IS NOT NULL THEN price_details(bill.SkuPriceDetails) END AS SkuPriceDetails, -- JSON text; keys that are not of FOCUS get x_ before them; null without a price id, and for what is no object
    CASE WHEN bill.ChargeCategory <> 'Tax' THEN bill.SkuPriceId END AS SkuPriceId, -- null for a tax; never made up
    bill.SubAccountId AS SubAccountId, -- as it is, leading zeros too
    CASE WHEN bill.SubAccountId IS NOT NULL THEN coalesce(bill.SubAccountName, bill.SubAccountId) END AS SubAccountName, -- null without an id; where the bill has no name, the id
    CASE WHEN bill.SubAccountId IS NOT NULL THEN coalesce(bill.SubAccountType, kind_of_account(bill.x_Cloud)) END AS SubAccountType, -- null without an id; where the bill has none, Project for Google, Subscription for Azure, else Account
    key_values(bill.Tags) AS Tags, -- JSON text; null for what is no object
    nullif(bill.CapacityReservationStatus, CapacityReservationStatus) AS x_CapacityReservationStatus, -- the bill's value, where the export has another
    nullif(bill.ChargeClass, ChargeClass) AS x_ChargeClass, -- the bill's value, where the export has another
    nullif(bill.ChargeFrequency, ChargeFrequency) AS x_ChargeFrequency, -- the bill's value, where the export has another
    nullif(bill.CommitmentDiscountCategory, CommitmentDiscountCategory) AS x_CommitmentDiscountCategory, -- the bill's value, where the export has another
    nullif(bill.CommitmentDiscountName, CommitmentDiscountName) AS x_CommitmentDiscountName, -- the bill's value, where the export has another
    nullif(bill.CommitmentDiscountQuantity, CommitmentDiscountQuantity) AS x_CommitmentDiscountQuantity, -- the bill's value, where the export has another
    nullif(bill.CommitmentDiscountStatus, CommitmentDiscountStatus) AS x_CommitmentDiscountStatus, -- the bill's value, where the export has another
    nullif(bill.CommitmentDiscountType, CommitmentDiscountType) AS x_CommitmentDiscountType, -- the bill's value, where the export has another
    nullif(bill.CommitmentDiscountUnit, CommitmentDiscountUnit) AS x_CommitmentDiscountUnit, -- the bill's value, where the export has another
    nullif(bill.ConsumedQuantity, ConsumedQuantity) AS x_ConsumedQuantity, -- the bill's value, where the export has another
    nullif(bill.ConsumedUnit, ConsumedUnit) AS x_ConsumedUnit, -- the bill's value, where the export has another
    nullif(bill.ContractedUnitPrice, ContractedUnitPrice) AS x_ContractedUnitPrice, -- the bill's value, where the export has another
    nullif(bill.InvoiceIssuerName, InvoiceIssuerName) AS x_InvoiceIssuerName, -- the bill's value, where the export has another
    nullif(bill.ListUnitPrice, ListUnitPrice) AS x_ListUnitPrice, -- the bill's value, where the export has another
    nullif(bill.PricingCategory, PricingCategory) AS x_PricingCategory, -- the bill's value, where the export has another
    nullif(bill.PricingCurrencyContractedUnitPrice, PricingCurrencyContractedUnitPrice) AS x_PricingCurrencyContractedUnitPrice, -- the bill's value, where the export has another
    nullif(bill.PricingCurrencyListUnitPrice, PricingCurrencyListUnitPrice) AS x_PricingCurrencyListUnitPrice, -- the bill's value, where the export has another
    nullif(bill.PricingQuantity, PricingQuantity) AS x_PricingQuantity, -- the bill's value, where the export has another
    nullif(bill.PricingUnit, PricingUnit) AS x_PricingUnit, -- the bill's value, where the export has another
    nullif(bill.RegionName, RegionName) AS x_RegionName, -- the bill's value, where the export has another
    nullif(bill.ResourceName, ResourceName) AS x_ResourceName, -- the bill's value, where the export has another
    nullif(bill.ResourceType, ResourceType) AS x_ResourceType, -- the bill's value, where the export has another
    nullif(bill.ServiceCategory, ServiceCategory) AS x_ServiceCategory, -- the bill's value, where the export has another
    nullif(bill.ServiceSubcategory, ServiceSubcategory) AS x_ServiceSubcategory, -- the bill's value, where the export has another
    nullif(bill.SkuId, SkuId) AS x_SkuId, -- the bill's value, where the export has another
    nullif(bill.SkuMeter, SkuMeter) AS x_SkuMeter, -- the bill's value, where the export has another
    nullif(bill.SkuPriceDetails, SkuPriceDetails) AS x_SkuPriceDetails, -- the bill's value, where the export has another
    nullif(bill.SkuPriceId, SkuPriceId) AS x_SkuPriceId, -- the bill's value, where the export has another
    nullif(bill.SubAccountName, SubAccountName) AS x_SubAccountName, -- the bill's value, where the export has another
    nullif(bill.SubAccountType, SubAccountType) AS x_SubAccountType, -- the bill's value, where the export has another
    nullif(bill.Tags, Tags) AS x_Tags -- the bill's value, where the export has another
FROM bill
