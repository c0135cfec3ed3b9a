-- Google Cloud, the standard and the detailed usage cost export to BigQuery (JSON lines, Parquet, flat CSV) → charges.
--
-- Laid out like focus.sql. A record's field service.id is service_id here, whether the file is nested or flat.
-- credits and labels are lists of records, as JSON text. gcp_…() and focus_unit() are in macros.sql.
--
-- What Google asks for is the cost and the credits that go with it (negative amounts in `credits`): sustained-use and
-- committed-use discounts, promotions, free tiers. So BilledCost and EffectiveCost are both cost + credits, as in
-- Google's own FOCUS view; the credits themselves stay, with their types, in x_Other.
--
-- A month belongs to the invoice that names it (invoice.month, by Google's clock in California): the billing period
-- is that month of the calendar, and the charge's own instants, which are UTC, tell the hour.
--
-- format: gcp
-- name: Google Cloud billing export
-- names: snake
-- needs: billing_account_id, service_description or service_id, sku_id or sku_description, usage_start_time, usage_end_time, cost, currency, credits, invoice_month, cost_type
-- never empty: BilledCost, EffectiveCost, BillingCurrency, BillingAccountId, BillingPeriodStart, ChargePeriodStart, ChargePeriodEnd, ChargeCategory
-- left out: service, sku, project, location, resource, price, usage, invoice, adjustment_info, subscription, consumption_model, labels_key, labels_value, system_labels_key, system_labels_value, tags_key, tags_value, tags_inherited, tags_namespace, ancestors_resource_name, ancestors_display_name, credits_name, credits_amount, credits_full_name, credits_id, credits_type, partition_date
-- omitted: credits
-- kept: credits
-- version detailed: resource_name, resource_global_name
-- version standard: cost
SELECT
    bill.location_zone AS AvailabilityZone, -- `location.zone`
    gcp_net(money(bill.cost), bill.credits) AS BilledCost, -- `cost` plus the amounts of all `credits`; a row without it is rejected
    bill.billing_account_id AS BillingAccountId, -- `billing_account_id`
    bill.currency AS BillingCurrency, -- `currency`
    gcp_month(bill.invoice_month) + INTERVAL 1 MONTH AS BillingPeriodEnd, -- the month after `invoice.month`
    gcp_month(bill.invoice_month) AS BillingPeriodStart, -- `invoice.month`
    gcp_category(bill.cost_type) AS ChargeCategory, -- Usage for `regular`, Tax for `tax`, Adjustment for `adjustment` and `rounding_error`; a row with anything else is rejected
    CASE WHEN bill.adjustment_info_id IS NOT NULL OR bill.cost_type = 'adjustment' THEN 'Correction' END AS ChargeClass, -- Correction for an adjustment
    bill.sku_description AS ChargeDescription, -- `sku.description`
    CASE WHEN gcp_category(bill.cost_type) = 'Usage' THEN 'Usage-Based' ELSE 'One-Time' END AS ChargeFrequency, -- Usage-Based for `regular`, else One-Time
    instant(bill.usage_end_time) AS ChargePeriodEnd, -- `usage_end_time`
    instant(bill.usage_start_time) AS ChargePeriodStart, -- `usage_start_time`
    CASE gcp_commitment(bill.credits, bill.consumption_model_description) WHEN 'COMMITTED_USAGE_DISCOUNT' THEN 'Usage' WHEN 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE' THEN 'Spend' END AS CommitmentDiscountCategory, -- Usage for a credit `COMMITTED_USAGE_DISCOUNT`, Spend for `COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE` and for a `consumption_model` with a CUD
    gcp_commitment_id(bill.credits, bill.consumption_model_id, bill.consumption_model_description) AS CommitmentDiscountId, -- `id` of that credit, else its name; of a consumption model its `id`
    gcp_commitment_name(bill.credits, bill.consumption_model_description) AS CommitmentDiscountName, -- `full_name` of that credit, else its `name`; of a consumption model its description
    CASE WHEN gcp_commitment(bill.credits, bill.consumption_model_description) IS NOT NULL THEN 'Used' END AS CommitmentDiscountStatus, -- Used where there is a commitment; Google bills the unused part with the fee
    CASE WHEN gcp_commitment(bill.credits, bill.consumption_model_description) IS NOT NULL THEN 'Committed Use Discount' END AS CommitmentDiscountType, -- Committed Use Discount
    CASE WHEN gcp_category(bill.cost_type) = 'Usage' THEN money(bill.usage_amount) END AS ConsumedQuantity, -- `usage.amount` of usage
    CASE WHEN gcp_category(bill.cost_type) = 'Usage' THEN bill.usage_unit END AS ConsumedUnit, -- `usage.unit` of usage
    either(bill.cost_at_effective_price_default, bill.cost) AS ContractedCost, -- `cost_at_effective_price_default`, else `cost`: before credits and commitments
    money(bill.price_effective_price) / coalesce(nullif(CAST(money(bill.price_pricing_unit_quantity) AS DOUBLE), 0), 1) AS ContractedUnitPrice, -- `price.effective_price` of one unit
    gcp_net(money(bill.cost), bill.credits) AS EffectiveCost, -- as BilledCost
    'Google Cloud' AS InvoiceIssuerName, -- Google Cloud, which bills what others sell in its marketplace too
    money(bill.cost_at_list) AS ListCost, -- `cost_at_list`, which exports have since 2022; NULL before
    money(bill.price_list_price) / coalesce(nullif(CAST(money(bill.price_pricing_unit_quantity) AS DOUBLE), 0), 1) AS ListUnitPrice, -- `price.list_price` of one unit
    CASE WHEN gcp_commitment(bill.credits, bill.consumption_model_description) IS NOT NULL THEN 'Committed' WHEN starts_with(bill.sku_description, 'Commitment') THEN 'Committed' WHEN regexp_matches(bill.sku_description, '(?i)\b(spot|preemptible)\b') THEN 'Dynamic' WHEN gcp_category(bill.cost_type) = 'Usage' THEN 'Standard' END AS PricingCategory, -- Committed with a commitment and for its fee (`Commitment v1: …`), Dynamic for Spot and preemptible, Standard for other usage
    CASE WHEN gcp_category(bill.cost_type) = 'Usage' THEN money(bill.usage_amount_in_pricing_units) END AS PricingQuantity, -- `usage.amount_in_pricing_units` of usage
    CASE WHEN gcp_category(bill.cost_type) = 'Usage' THEN coalesce(bill.usage_pricing_unit, bill.price_unit) END AS PricingUnit, -- `usage.pricing_unit` of usage, else `price.unit`
    'Google Cloud' AS ProviderName, -- Google Cloud
    coalesce(bill.seller_name, 'Google Cloud') AS PublisherName, -- `seller_name`, else Google Cloud
    coalesce(bill.location_region, nullif(bill.location_location, '')) AS RegionId, -- `location.region`, else `location.location` (a continent or global)
    bill.location_location AS RegionName, -- `location.location`
    coalesce(bill.resource_global_name, bill.resource_name) AS ResourceId, -- `resource.global_name`, else `resource.name`; only the detailed export has them
    nullif(regexp_extract(bill.resource_name, '[^/]+$'), '') AS ResourceName, -- the last part of `resource.name`
    gcp_resource_type(bill.resource_global_name, bill.resource_name) AS ResourceType, -- the part before it: `instances`, `disks` …
    focus_category(gcp_subcategory(bill.service_description, bill.sku_description)) AS ServiceCategory, -- FOCUS's category of the service; disks and snapshots of Compute Engine are Storage, its network Networking
    coalesce(bill.service_description, bill.service_id) AS ServiceName, -- `service.description`
    gcp_subcategory(bill.service_description, bill.sku_description) AS ServiceSubcategory, -- FOCUS's subcategory of the service
    bill.sku_id AS SkuId, -- `sku.id`
    bill.sku_description AS SkuMeter, -- `sku.description`
    nullif(gcp_pairs(bill.system_labels), '{}') AS SkuPriceDetails, -- `system_labels` (machine type, cores, memory) as a JSON object
    bill.project_id AS SubAccountId, -- `project.id`; NULL for tax and support, which have no project
    bill.project_name AS SubAccountName, -- `project.name`
    CASE WHEN bill.project_id IS NOT NULL THEN 'Project' END AS SubAccountType, -- Project
    gcp_labels(bill.project_labels, bill.labels) AS Tags, -- `labels` over `project.labels`, as a JSON object; `tags` are in x_Other
    bill.service_id AS x_ServiceCode -- `service.id`
FROM bill
