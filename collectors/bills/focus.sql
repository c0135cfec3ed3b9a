-- FOCUS 1.0 to 1.4 → charges.
--
-- One line per column of `charges`: `expression AS Column, -- what becomes of it`. bill.X is the column X of the
-- file, found whatever its case, NULL where the file lacks it; in it, empty text and the word NULL are NULL already.
-- money(), instant(), spelled() and cloud_of() are in macros.sql. A column of the file that no line reads goes
-- into x_Other. docs/ingest.md repeats these lines (a test compares them).
--
-- format: focus
-- name: FOCUS 1.0 to 1.4
-- needs: BilledCost, BillingCurrency, BillingAccountId, BillingPeriodStart, ChargePeriodStart, ChargePeriodEnd, ChargeCategory, ServiceName, EffectiveCost, ListCost, ProviderName or ServiceProviderName
-- never empty: BilledCost, EffectiveCost, BillingCurrency, BillingAccountId, BillingPeriodStart, ChargePeriodStart, ChargePeriodEnd, ChargeCategory
-- version 1.4: InvoiceDetailId, CommitmentProgramEligibilityDetails
-- version 1.3: ServiceProviderName, HostProviderName, ContractApplied, AllocatedMethodId
-- version 1.2: BillingAccountType, SubAccountType, InvoiceId, PricingCurrency
-- version 1.1: ServiceSubcategory, SkuMeter, SkuPriceDetails, CapacityReservationId, CommitmentDiscountQuantity
-- version 1.0: BilledCost
SELECT
    bill.AvailabilityZone AS AvailabilityZone, -- as it is
    money(bill.BilledCost) AS BilledCost, -- exact; a row without it is rejected
    bill.BillingAccountId AS BillingAccountId, -- as it is, leading zeros too; a row without it is rejected
    bill.BillingAccountName AS BillingAccountName, -- as it is
    bill.BillingAccountType AS BillingAccountType, -- as it is
    bill.BillingCurrency AS BillingCurrency, -- as it is; a row without it is rejected
    period_end(instant(bill.BillingPeriodEnd), instant(bill.BillingPeriodStart)) AS BillingPeriodEnd, -- in UTC; the last day of the month, as Google writes it, is the first of the next
    period_start(instant(bill.BillingPeriodStart)) AS BillingPeriodStart, -- in UTC; the first of a month by California's clock, as Google writes it, is that at 00:00; a row without it is rejected
    bill.CapacityReservationId AS CapacityReservationId, -- as it is
    spelled(bill.CapacityReservationStatus, 'Used', 'Unused') AS CapacityReservationStatus, -- in FOCUS's spelling
    spelled(bill.ChargeCategory, 'Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment') AS ChargeCategory, -- in FOCUS's spelling; a row with anything else is rejected
    spelled(bill.ChargeClass, 'Correction') AS ChargeClass, -- in FOCUS's spelling
    bill.ChargeDescription AS ChargeDescription, -- as it is
    spelled(bill.ChargeFrequency, 'One-Time', 'Recurring', 'Usage-Based') AS ChargeFrequency, -- in FOCUS's spelling
    instant(bill.ChargePeriodEnd) AS ChargePeriodEnd, -- in UTC; a row without it, or where it is before the start, is rejected
    instant(bill.ChargePeriodStart) AS ChargePeriodStart, -- in UTC; a row without it is rejected
    spelled(bill.CommitmentDiscountCategory, 'Spend', 'Usage') AS CommitmentDiscountCategory, -- in FOCUS's spelling
    bill.CommitmentDiscountId AS CommitmentDiscountId, -- as it is
    bill.CommitmentDiscountName AS CommitmentDiscountName, -- as it is
    money(bill.CommitmentDiscountQuantity) AS CommitmentDiscountQuantity, -- exact
    spelled(bill.CommitmentDiscountStatus, 'Used', 'Unused') AS CommitmentDiscountStatus, -- in FOCUS's spelling
    bill.CommitmentDiscountType AS CommitmentDiscountType, -- as it is
    bill.CommitmentDiscountUnit AS CommitmentDiscountUnit, -- as it is
    money(bill.ConsumedQuantity) AS ConsumedQuantity, -- exact
    bill.ConsumedUnit AS ConsumedUnit, -- as it is
    money(bill.ContractedCost) AS ContractedCost, -- exact
    money(bill.ContractedUnitPrice) AS ContractedUnitPrice, -- exact
    money(bill.EffectiveCost) AS EffectiveCost, -- exact, as in the file even where x_CostBasis says that it is unusable; a row without it is rejected
    bill.InvoiceId AS InvoiceId, -- as it is
    bill.InvoiceIssuerName AS InvoiceIssuerName, -- as it is
    money(bill.ListCost) AS ListCost, -- exact
    money(bill.ListUnitPrice) AS ListUnitPrice, -- exact
    spelled(bill.PricingCategory, 'Standard', 'Dynamic', 'Committed', 'Other') AS PricingCategory, -- in FOCUS's spelling
    bill.PricingCurrency AS PricingCurrency, -- as it is
    money(bill.PricingCurrencyContractedUnitPrice) AS PricingCurrencyContractedUnitPrice, -- exact
    money(bill.PricingCurrencyEffectiveCost) AS PricingCurrencyEffectiveCost, -- exact
    money(bill.PricingCurrencyListUnitPrice) AS PricingCurrencyListUnitPrice, -- exact
    money(bill.PricingQuantity) AS PricingQuantity, -- exact
    bill.PricingUnit AS PricingUnit, -- as it is
    coalesce(bill.ProviderName, bill.ServiceProviderName) AS ProviderName, -- as it is; FOCUS 1.4 dropped it, then ServiceProviderName
    bill.PublisherName AS PublisherName, -- as it is
    bill.RegionId AS RegionId, -- as it is
    bill.RegionName AS RegionName, -- as it is
    bill.ResourceId AS ResourceId, -- as it is; x_ResourceKey has it as the inventory writes it
    bill.ResourceName AS ResourceName, -- as it is
    bill.ResourceType AS ResourceType, -- as it is
    bill.ServiceCategory AS ServiceCategory, -- as it is
    bill.ServiceName AS ServiceName, -- as it is
    bill.ServiceSubcategory AS ServiceSubcategory, -- as it is
    bill.SkuId AS SkuId, -- as it is
    bill.SkuMeter AS SkuMeter, -- as it is
    bill.SkuPriceDetails AS SkuPriceDetails, -- JSON text; a map or struct of a Parquet file is written as JSON
    bill.SkuPriceId AS SkuPriceId, -- as it is
    bill.SubAccountId AS SubAccountId, -- as it is, leading zeros too
    bill.SubAccountName AS SubAccountName, -- as it is
    bill.SubAccountType AS SubAccountType, -- as it is
    bill.Tags AS Tags, -- JSON text; a map or struct of a Parquet file is written as JSON
    bill.ServiceProviderName AS ServiceProviderName, -- as it is
    bill.HostProviderName AS HostProviderName, -- as it is
    bill.InvoiceDetailId AS InvoiceDetailId, -- as it is
    coalesce(bill.x_UsageType, CASE WHEN cloud_of(coalesce(bill.ProviderName, bill.ServiceProviderName)) = 'aws' THEN bill.SkuMeter END) AS x_UsageType, -- as it is; AWS writes it into SkuMeter since FOCUS 1.2
    bill.x_Operation AS x_Operation, -- as it is
    bill.x_ServiceCode AS x_ServiceCode -- as it is
FROM bill
