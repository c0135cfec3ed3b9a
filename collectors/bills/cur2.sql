-- AWS CUR 2.0 (Data Exports, table COST_AND_USAGE_REPORT) → charges.
--
-- Laid out like focus.sql. Maps of a Parquet file (product, resource_tags …) arrive as JSON text, which they are in
-- a CSV file. either(), entry(), cur_…(), focus_unit(), aws_subcategory() and focus_category() are in macros.sql.
--
-- Commitments, as FOCUS has them: what covers usage costs its share of the commitment (reservation_effective_cost,
-- savings_plan_savings_plan_effective_cost); the purchase costs nothing, for it is spread over that; and what was paid
-- for and not used is a charge of its own, Usage with the status Unused. CUR has fee and waste in one row (RIFee,
-- SavingsPlanRecurringFee), so such a row becomes two charges: the fee, billed and without effective cost, and the
-- unused part, with effective cost and not billed.
--
-- Net columns, which AWS fills in for accounts with a discount of their own, win over gross ones, row by row: they are
-- what is paid. The discount's own rows (EdpDiscount …) then have a net cost of 0, so nothing is taken off twice. A
-- Savings Plan's unused part has no net column: it is scaled by net over gross of the plan's fees.
--
-- Split cost allocation: a row of a task or pod (with split_line_item_parent_resource_id) is a part of its instance's
-- row, which keeps the whole cost. It is loaded at 0, its split_… columns in x_Other, so that nothing counts twice.
--
-- `product or …` in `needs` tells CUR 2.0 from the legacy report, whose Parquet files have the same names otherwise.
--
-- format: cur
-- name: AWS CUR 2.0
-- needs: bill_payer_account_id, bill_billing_period_start_date, line_item_usage_account_id, line_item_line_item_type, line_item_product_code, line_item_usage_type, line_item_operation, line_item_currency_code, line_item_usage_start_date, line_item_usage_end_date, line_item_usage_amount, line_item_unblended_cost, pricing_public_on_demand_cost, reservation_reservation_a_r_n, reservation_effective_cost, reservation_unused_amortized_upfront_fee_for_billing_period, reservation_unused_recurring_fee, savings_plan_savings_plan_a_r_n, savings_plan_savings_plan_effective_cost, savings_plan_total_commitment_to_date, savings_plan_used_commitment, product or resource_tags or tags or cost_category or discount or bill_payer_account_name
-- never empty: BilledCost, EffectiveCost, BillingCurrency, BillingAccountId, BillingPeriodStart, ChargePeriodStart, ChargePeriodEnd, ChargeCategory
-- left out: identity_line_item_id, identity_time_interval, line_item_blended_cost, line_item_blended_rate, product_comment, product_from_location_type, product_instancesku, product_location_type, product_operation, product_pricing_unit, product_servicecode, product_to_location_type, product_usagetype, reservation_subscription_id, billing_period
-- version 2.0: line_item_line_item_type
SELECT
    bill.line_item_availability_zone AS AvailabilityZone, -- `line_item_availability_zone`
    cur_billed(part.unused, bill.split_line_item_parent_resource_id, either(bill.line_item_net_unblended_cost, bill.line_item_unblended_cost)) AS BilledCost, -- `line_item_net_unblended_cost`, else `line_item_unblended_cost`; 0 for a split row and for the unused part of a commitment
    bill.bill_payer_account_id AS BillingAccountId, -- `bill_payer_account_id`, leading zeros too
    bill.bill_payer_account_name AS BillingAccountName, -- `bill_payer_account_name`
    bill.line_item_currency_code AS BillingCurrency, -- `line_item_currency_code`
    instant(bill.bill_billing_period_end_date) AS BillingPeriodEnd, -- `bill_billing_period_end_date`
    instant(bill.bill_billing_period_start_date) AS BillingPeriodStart, -- `bill_billing_period_start_date`
    bill.capacity_reservation_capacity_reservation_arn AS CapacityReservationId, -- `capacity_reservation_capacity_reservation_arn`
    CASE WHEN part.unused THEN 'Usage' ELSE cur_category(bill.line_item_line_item_type) END AS ChargeCategory, -- Usage for `Usage`, `DiscountedUsage`, `SavingsPlanCoveredUsage`, `SavingsPlanNegation` and unused commitment; Purchase for `Fee`, `RIFee`, `FlatRateSubscription`, `SavingsPlanUpfrontFee`, `SavingsPlanRecurringFee`; Tax; Credit; Adjustment for `Refund` and every discount; a row with anything else is rejected
    CASE WHEN bill.line_item_line_item_type = 'Refund' OR bill.bill_bill_type = 'Refund' THEN 'Correction' END AS ChargeClass, -- Correction for a refund
    bill.line_item_line_item_description AS ChargeDescription, -- `line_item_line_item_description`
    CASE WHEN part.unused OR cur_category(bill.line_item_line_item_type) = 'Usage' THEN 'Usage-Based' WHEN bill.line_item_line_item_type IN ('RIFee', 'FlatRateSubscription', 'SavingsPlanRecurringFee') THEN 'Recurring' ELSE 'One-Time' END AS ChargeFrequency, -- Usage-Based for usage, Recurring for `RIFee`, `FlatRateSubscription` and `SavingsPlanRecurringFee`, else One-Time
    instant(bill.line_item_usage_end_date) AS ChargePeriodEnd, -- `line_item_usage_end_date`
    instant(bill.line_item_usage_start_date) AS ChargePeriodStart, -- `line_item_usage_start_date`
    CASE WHEN bill.savings_plan_savings_plan_a_r_n IS NOT NULL THEN 'Spend' WHEN bill.reservation_reservation_a_r_n IS NOT NULL THEN 'Usage' END AS CommitmentDiscountCategory, -- Spend for a Savings Plan, Usage for a reservation
    coalesce(bill.savings_plan_savings_plan_a_r_n, bill.reservation_reservation_a_r_n) AS CommitmentDiscountId, -- `savings_plan_savings_plan_a_r_n`, else `reservation_reservation_a_r_n`
    CASE WHEN coalesce(bill.savings_plan_savings_plan_a_r_n, bill.reservation_reservation_a_r_n) IS NULL THEN NULL WHEN part.unused THEN 'Unused' WHEN cur_category(bill.line_item_line_item_type) = 'Usage' THEN 'Used' END AS CommitmentDiscountStatus, -- Used for usage under a commitment, Unused for what is left of it
    CASE WHEN bill.savings_plan_savings_plan_a_r_n IS NOT NULL THEN 'Savings Plan' WHEN bill.reservation_reservation_a_r_n IS NOT NULL THEN 'Reserved Instance' END AS CommitmentDiscountType, -- Savings Plan or Reserved Instance, as AWS's FOCUS has it
    CASE WHEN bill.line_item_line_item_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') THEN money(bill.line_item_usage_amount) END AS ConsumedQuantity, -- `line_item_usage_amount` of usage
    CASE WHEN bill.line_item_line_item_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') THEN focus_unit(bill.pricing_unit) END AS ConsumedUnit, -- `pricing_unit` of usage, in FOCUS's words: `Hrs` is Hours, `GB-Mo` is GB-Months
    cur_contracted(bill.line_item_line_item_type, part.unused, bill.split_line_item_parent_resource_id, either(bill.line_item_net_unblended_cost, bill.line_item_unblended_cost), money(bill.pricing_public_on_demand_cost)) AS ContractedCost, -- as BilledCost; of `DiscountedUsage` `pricing_public_on_demand_cost`; 0 for `SavingsPlanNegation`
    CASE WHEN part.unused THEN NULL WHEN bill.line_item_line_item_type = 'DiscountedUsage' THEN money(bill.pricing_public_on_demand_rate) WHEN bill.line_item_line_item_type IN ('Usage', 'SavingsPlanCoveredUsage') THEN either(bill.line_item_net_unblended_rate, bill.line_item_unblended_rate) END AS ContractedUnitPrice, -- `line_item_net_unblended_rate`, else `line_item_unblended_rate`, of usage; of `DiscountedUsage` the public rate
    cur_effective(bill.line_item_line_item_type, part.unused, bill.split_line_item_parent_resource_id, bill.reservation_reservation_a_r_n, either(bill.line_item_net_unblended_cost, bill.line_item_unblended_cost), either(bill.reservation_net_effective_cost, bill.reservation_effective_cost), either(bill.savings_plan_net_savings_plan_effective_cost, bill.savings_plan_savings_plan_effective_cost), either(bill.reservation_net_unused_amortized_upfront_fee_for_billing_period, bill.reservation_unused_amortized_upfront_fee_for_billing_period), either(bill.reservation_net_unused_recurring_fee, bill.reservation_unused_recurring_fee), money(bill.savings_plan_total_commitment_to_date), money(bill.savings_plan_used_commitment), cur_fees(money(bill.savings_plan_net_amortized_upfront_commitment_for_billing_period), money(bill.savings_plan_net_recurring_commitment_for_billing_period), money(bill.savings_plan_amortized_upfront_commitment_for_billing_period), money(bill.savings_plan_recurring_commitment_for_billing_period))) AS EffectiveCost, -- `DiscountedUsage`: `reservation_effective_cost`; `SavingsPlanCoveredUsage`: `savings_plan_savings_plan_effective_cost`; unused part of `RIFee`: unused amortized upfront fee + unused recurring fee; unused part of `SavingsPlanRecurringFee`: `savings_plan_total_commitment_to_date` − `savings_plan_used_commitment`; 0 for the fees themselves, `SavingsPlanNegation`, the upfront `Fee` of a reservation and split rows; else as BilledCost; net columns win where the row has them
    bill.bill_invoice_id AS InvoiceId, -- `bill_invoice_id`
    bill.bill_invoicing_entity AS InvoiceIssuerName, -- `bill_invoicing_entity`
    cur_list(bill.line_item_line_item_type, part.unused, bill.split_line_item_parent_resource_id, either(bill.line_item_net_unblended_cost, bill.line_item_unblended_cost), money(bill.pricing_public_on_demand_cost)) AS ListCost, -- of usage `pricing_public_on_demand_cost`, where there is one; 0 for `SavingsPlanNegation`; else as BilledCost
    CASE WHEN NOT part.unused THEN money(bill.pricing_public_on_demand_rate) END AS ListUnitPrice, -- `pricing_public_on_demand_rate`
    CASE WHEN coalesce(bill.savings_plan_savings_plan_a_r_n, bill.reservation_reservation_a_r_n) IS NOT NULL THEN 'Committed' WHEN contains(bill.line_item_usage_type, 'SpotUsage') THEN 'Dynamic' WHEN cur_category(bill.line_item_line_item_type) IN ('Usage', 'Purchase') THEN 'Standard' END AS PricingCategory, -- Committed with a commitment, Dynamic for Spot, Standard for other usage and purchases
    CASE WHEN NOT part.unused AND bill.line_item_line_item_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'Fee', 'RIFee', 'FlatRateSubscription', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee') THEN money(bill.line_item_usage_amount) END AS PricingQuantity, -- `line_item_usage_amount` of usage and purchases
    CASE WHEN NOT part.unused AND bill.line_item_line_item_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'Fee', 'RIFee', 'FlatRateSubscription', 'SavingsPlanUpfrontFee', 'SavingsPlanRecurringFee') THEN focus_unit(bill.pricing_unit) END AS PricingUnit, -- `pricing_unit` of usage and purchases, in FOCUS's words
    'AWS' AS ProviderName, -- AWS, as AWS's FOCUS has it
    coalesce(bill.line_item_legal_entity, bill.bill_billing_entity) AS PublisherName, -- `line_item_legal_entity`, else `bill_billing_entity`
    coalesce(bill.product_region_code, entry(bill.product, 'region_code'), entry(bill.product, 'region'), bill.product_from_region_code, nullif(regexp_extract(bill.line_item_availability_zone, '^[a-z]+-[a-z-]+-[0-9]+'), '')) AS RegionId, -- `product_region_code`, else `region_code` or `region` in `product`, `product_from_region_code`, the zone's region
    coalesce(bill.product_location, entry(bill.product, 'location')) AS RegionName, -- `product_location`, else `location` in `product`
    bill.line_item_resource_id AS ResourceId, -- `line_item_resource_id`, which the export has only with resource ids included
    focus_category(aws_subcategory(bill.line_item_product_code, bill.line_item_usage_type, bill.product_product_family)) AS ServiceCategory, -- FOCUS's category of the service; block storage of EC2 is Storage
    coalesce(entry(bill.product, 'product_name'), bill.product_product_name, bill.line_item_product_code) AS ServiceName, -- `product_name` in `product`, else `line_item_product_code`
    aws_subcategory(bill.line_item_product_code, bill.line_item_usage_type, bill.product_product_family) AS ServiceSubcategory, -- FOCUS's subcategory of the service
    bill.product_sku AS SkuId, -- `product_sku`
    bill.line_item_usage_type AS SkuMeter, -- `line_item_usage_type`, as in AWS's FOCUS 1.2
    nullif(bill.product, '{}') AS SkuPriceDetails, -- `product` as JSON text
    bill.pricing_rate_code AS SkuPriceId, -- `pricing_rate_code`
    bill.line_item_usage_account_id AS SubAccountId, -- `line_item_usage_account_id`, leading zeros too
    bill.line_item_usage_account_name AS SubAccountName, -- `line_item_usage_account_name`
    cur_tags(coalesce(nullif(bill.resource_tags, '{}'), nullif(bill.tags, '{}'))) AS Tags, -- `resource_tags`, else `tags`, as JSON text; the keys of users' own tags without AWS's prefix (`user_team` is `team`)
    bill.line_item_usage_type AS x_UsageType, -- `line_item_usage_type`
    bill.line_item_operation AS x_Operation, -- `line_item_operation`
    bill.line_item_product_code AS x_ServiceCode -- `line_item_product_code`
FROM bill
CROSS JOIN (VALUES (false), (true)) AS part(unused)
WHERE NOT part.unused OR bill.line_item_line_item_type IN ('RIFee', 'SavingsPlanRecurringFee')
