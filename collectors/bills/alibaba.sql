-- Alibaba Cloud, billable-item and instance details (files of the OSS subscription, console exports) → charges.
--
-- Laid out like focus.sql. alibaba_…(), beijing(), bill_month(), id_text(), if_number(), and what regions and products
-- are, are in macros_alibaba.sql. Names are those of the files in English, of which the API's (DescribeInstanceBill) differ little;
-- `also` has the Chinese headers, and the grouped ones of the upgraded bill. 账期, the billing cycle of a Chinese
-- header, is read under its own name because it is also what tells that header (see alibaba_currency()).
--
-- Money: the list price is PretaxGrossAmount; less discounts and coupons it is PretaxAmount, which is what the invoice
-- asks for before tax. Vouchers, prepaid cards and cash are ways to pay it and stay in x_Other.
--
-- A subscription is one row in the month in which it is paid, and no later bill speaks of it again. FOCUS would have
-- its EffectiveCost at 0 and spread over the charges it covers; there are none, so it would be lost. It stays with the
-- purchase: the sum of EffectiveCost is the sum of BilledCost, and a month of many renewals is a dear one. Usage under
-- a savings plan or a resource package costs what is left to pay for it, since the plan's own row has the rest.
--
-- One bill comes in several shapes (by item or by instance; each charge, by day, by month; split over what shares an
-- instance): each is a format of its own, so that no two of them are added up.
--
-- format: alibaba
-- name: Alibaba Cloud bill details
-- names: loose
-- also AccountID: 账号ID, BillAccountID, IdentityDetails/ResourcePurchaseAccountId
-- also AccountName: 账号, BillAccountName, IdentityDetails/ResourcePurchaseAccount, IdentityDetails/ResourcePurchaseAccountName
-- also OwnerID: Owner账号ID, IdentityDetails/ResourceOwnerAccountId
-- also OwnerAccountName: Owner账号, Owner Account, IdentityDetails/ResourceOwnerAccount, IdentityDetails/ResourceOwnerAccountName
-- also BillingCycle: BillingDetails/BillingMonth
-- also BillingDate: 账单日期, 日期, BillingDetails/BillingDate
-- also Item: 账单类型, Bill Type, BillingDetails/LineItemType
-- also SubscriptionType: 消费类型
-- also PaymentTime: 消费时间
-- also UsageStartTime: 账单开始时间
-- also UsageEndTime: 账单结束时间
-- also ProductCode: 产品Code, ProductDetails/ProductCode
-- also ProductName: 产品, ProductDetails/ProductName
-- also CommodityCode: 产品明细Code, Product Detail Code, ProductDetails/CommodityCode
-- also ProductDetail: 产品明细, ProductDetails/CommodityName
-- also BillingItem: 计费项, ProductDetails/BillingItemName
-- also BillingItemCode: 计费项Code, ProductDetails/BillingItemCode
-- also BillingType: 计费方式
-- also InstanceID: 实例ID, ResourceDetails/InstanceId
-- also NickName: 实例昵称, 实例名称, Instance Name
-- also InstanceConfig: 实例配置
-- also InstanceSpec: 实例规格
-- also Tag: 实例标签, Instance Tag, ResourceDetails/ResourceTag
-- also Region: 地域
-- also RegionCode: ResourceDetails/RegionCode
-- also Zone: 可用区, ResourceDetails/Zone
-- also ListPrice: 单价
-- also ListPriceUnit: 单价单位
-- also Usage: 用量, UsageDetails/Usage
-- also UsageUnit: 用量单位, UsageDetails/UsageUnit
-- also DeductedByResourcePackage: 资源包抵扣
-- also PretaxGrossAmount: 原价, 官网目录价, FeeDetails/GrossAmount
-- also InvoiceDiscount: 优惠金额
-- also AfterDiscountAmount: 优惠后金额
-- also PretaxAmount: 应付金额, PayableDetails/TaxExclusivePayableAmount
-- also Currency: 币种, PricingDetails/Currency
-- needs: BillingCycle or 账期 or BillingDate, AccountID or AccountName, ProductCode, Item or SubscriptionType, PretaxGrossAmount, PretaxAmount, Currency or 账期
-- never empty: BilledCost, EffectiveCost, BillingCurrency, BillingAccountId, BillingPeriodStart, ChargePeriodStart, ChargePeriodEnd, ChargeCategory
-- kept: ListPrice, ListPriceUnit, Usage, DeductedByResourcePackage, PaymentTime, SubscriptionType, Item
-- version split: SplitItemID
-- version items: BillingItem and UsageStartTime, BillingItemCode and UsageStartTime
-- version items-daily: BillingItem and BillingDate, BillingItemCode and BillingDate
-- version items-monthly: BillingItem, BillingItemCode
-- version instances: UsageStartTime
-- version instances-daily: BillingDate
-- version instances-monthly: PretaxAmount
SELECT
    bill.Zone AS AvailabilityZone, -- `Zone`
    money(bill.PretaxAmount) AS BilledCost, -- `PretaxAmount`: after discounts and coupons, before tax and before vouchers and cards; a row without it is rejected
    coalesce(id_text(bill.AccountID), bill.AccountName) AS BillingAccountId, -- `AccountID`, leading zeros too; else `AccountName`
    bill.AccountName AS BillingAccountName, -- `AccountName`
    alibaba_currency(bill.Currency, bill.账期, bill.ListPriceUnit) AS BillingCurrency, -- `Currency`; without that column CNY under a Chinese header, unless `ListPriceUnit` names another currency; a row without it is rejected
    coalesce(bill_month(bill.BillingCycle), bill_month(bill.账期), date_trunc('month', beijing(bill.BillingDate) + INTERVAL 8 HOUR)) + INTERVAL 1 MONTH AS BillingPeriodEnd, -- the month after `BillingCycle`
    coalesce(bill_month(bill.BillingCycle), bill_month(bill.账期), date_trunc('month', beijing(bill.BillingDate) + INTERVAL 8 HOUR)) AS BillingPeriodStart, -- `BillingCycle`, else the month of `BillingDate`: the calendar month at 00:00 UTC, as a label
    alibaba_category(bill.Item, bill.SubscriptionType) AS ChargeCategory, -- by `Item`: Usage for `PayAsYouGoBill`, Purchase for `SubscriptionOrder`, Adjustment for `Refund` and `Adjustment`; without it by `SubscriptionType`; a row with anything else is rejected
    CASE WHEN regexp_matches(bill.Item, '(?i)refund|adjustment|退款|退费|调账') AND NOT regexp_matches(bill.Item, '(?i)rounding') THEN 'Correction' END AS ChargeClass, -- Correction for a refund or an adjustment; a rounding is none
    nullif(concat_ws(': ', bill.ProductDetail, bill.BillingItem), '') AS ChargeDescription, -- `ProductDetail` and `BillingItem`
    CASE WHEN alibaba_category(bill.Item, bill.SubscriptionType) = 'Usage' THEN 'Usage-Based' ELSE 'One-Time' END AS ChargeFrequency, -- Usage-Based for usage, else One-Time
    alibaba_end(beijing(bill.UsageEndTime), beijing(bill.UsageStartTime), CASE WHEN alibaba_category(bill.Item, bill.SubscriptionType) = 'Purchase' THEN TRY(beijing(CAST(bill.PaymentTime AS VARCHAR))) END, beijing(bill.BillingDate), coalesce(bill_month(bill.BillingCycle), bill_month(bill.账期))) AS ChargePeriodEnd, -- `UsageEndTime`, else the end of the day or month in which it begins, UTC+8 turned into UTC
    coalesce(beijing(bill.UsageStartTime), CASE WHEN alibaba_category(bill.Item, bill.SubscriptionType) = 'Purchase' THEN TRY(beijing(CAST(bill.PaymentTime AS VARCHAR))) END, beijing(bill.BillingDate), coalesce(bill_month(bill.BillingCycle), bill_month(bill.账期)) - INTERVAL 8 HOUR) AS ChargePeriodStart, -- `UsageStartTime`, else of a purchase `PaymentTime` where it can be read, else `BillingDate`, else the month, UTC+8 turned into UTC
    CASE WHEN bill.SpnID IS NOT NULL THEN 'Spend' END AS CommitmentDiscountCategory, -- Spend with a savings plan; of a resource package the bill does not tell which one, so there is no commitment to name
    id_text(bill.SpnID) AS CommitmentDiscountId, -- `SpnID`
    CASE WHEN bill.SpnID IS NOT NULL THEN if_number(bill.SpnDiscountAmount) END AS CommitmentDiscountQuantity, -- `SpnDiscountAmount`: what the savings plan paid
    CASE WHEN bill.SpnID IS NOT NULL AND alibaba_category(bill.Item, bill.SubscriptionType) = 'Usage' THEN 'Used' END AS CommitmentDiscountStatus, -- Used for usage under a savings plan; what is left unused of one is not on the bill
    CASE WHEN bill.SpnID IS NOT NULL THEN 'Savings Plan' END AS CommitmentDiscountType, -- Savings Plan
    CASE WHEN bill.SpnID IS NOT NULL THEN alibaba_currency(bill.Currency, bill.账期, bill.ListPriceUnit) END AS CommitmentDiscountUnit, -- the currency
    CASE WHEN alibaba_category(bill.Item, bill.SubscriptionType) = 'Usage' THEN if_number(bill.Usage) END AS ConsumedQuantity, -- `Usage` of usage, where it is a number
    CASE WHEN alibaba_category(bill.Item, bill.SubscriptionType) = 'Usage' AND if_number(bill.Usage) IS NOT NULL THEN alibaba_unit(bill.UsageUnit) END AS ConsumedUnit, -- `UsageUnit`, in FOCUS's words where these are certain: `秒` is Seconds
    coalesce(money(bill.AfterDiscountAmount), money(bill.PretaxGrossAmount) - money(bill.InvoiceDiscount), money(bill.PretaxAmount)) AS ContractedCost, -- `AfterDiscountAmount`, else `PretaxGrossAmount` − `InvoiceDiscount`, else `PretaxAmount`: before coupons and commitments
    money(bill.PretaxAmount) AS EffectiveCost, -- `PretaxAmount`: a subscription has its whole cost in the row of its purchase, because no later bill tells of it
    'Alibaba Cloud' AS InvoiceIssuerName, -- Alibaba Cloud
    money(bill.PretaxGrossAmount) AS ListCost, -- `PretaxGrossAmount`
    if_number(bill.ListPrice) AS ListUnitPrice, -- `ListPrice`, where it is a number
    CASE WHEN bill.SpnID IS NOT NULL OR if_number(bill.DeductedByResourcePackage) > 0 THEN 'Committed' WHEN regexp_matches(concat_ws(' ', bill.ProductDetail, bill.BillingItem, bill.BillingType), '(?i)\b(spot|preemptible)\b|抢占式|竞价') THEN 'Dynamic' WHEN alibaba_category(bill.Item, bill.SubscriptionType) IN ('Usage', 'Purchase') THEN 'Standard' END AS PricingCategory, -- Committed with a savings plan or where `DeductedByResourcePackage` is above 0, Dynamic where spot is named, Standard for other usage and purchases
    alibaba_priced(if_number(bill.Usage), alibaba_unit(bill.UsageUnit), alibaba_price_unit(bill.ListPriceUnit)) AS PricingQuantity, -- `Usage` in the unit of the price; NULL where that cannot be reckoned
    coalesce(alibaba_price_unit(bill.ListPriceUnit), CASE WHEN if_number(bill.Usage) IS NOT NULL THEN alibaba_unit(bill.UsageUnit) END) AS PricingUnit, -- the unit in `ListPriceUnit` (`元/小时` is Hours), else `UsageUnit`
    'Alibaba Cloud' AS ProviderName, -- Alibaba Cloud
    'Alibaba Cloud' AS PublisherName, -- Alibaba Cloud
    coalesce(bill.RegionCode, alibaba_region(bill.Region, region.id, bill.Zone)) AS RegionId, -- `RegionCode`, else the id of the region that `Region` names, in Chinese or English, else the zone's; NULL for a name that is not known
    bill.Region AS RegionName, -- `Region`
    coalesce(id_text(bill.SplitItemID), id_text(bill.InstanceID)) AS ResourceId, -- `SplitItemID` of a split bill, else `InstanceID`, which is what is billed: of OSS a region and a storage class, of a system disk its instance
    bill.NickName AS ResourceName, -- `NickName`
    focus_category(alibaba_subcategory(product.subcategory, coalesce(bill.BillingItemCode, bill.BillingItem))) AS ServiceCategory, -- FOCUS's category of the product; disks of an instance are Storage, its traffic Networking
    coalesce(bill.ProductName, bill.ProductCode) AS ServiceName, -- `ProductName`, else `ProductCode`
    alibaba_subcategory(product.subcategory, coalesce(bill.BillingItemCode, bill.BillingItem)) AS ServiceSubcategory, -- FOCUS's subcategory of the product, by `ProductCode` and `BillingItemCode`
    bill.CommodityCode AS SkuId, -- `CommodityCode`
    coalesce(bill.BillingItemCode, bill.BillingItem) AS SkuMeter, -- `BillingItemCode`, else `BillingItem`
    nullif(CAST(json_merge_patch('{}', json_object('InstanceSpec', bill.InstanceSpec, 'InstanceConfig', bill.InstanceConfig)) AS VARCHAR), '{}') AS SkuPriceDetails, -- `InstanceSpec` and `InstanceConfig` as a JSON object
    coalesce(id_text(bill.OwnerID), CASE WHEN bill.OwnerAccountName <> bill.AccountName THEN bill.OwnerAccountName END, id_text(bill.AccountID), bill.AccountName) AS SubAccountId, -- `OwnerID`, leading zeros too; else `OwnerAccountName` where it is another than `AccountName`, else `AccountID`
    coalesce(bill.OwnerAccountName, bill.AccountName) AS SubAccountName, -- `OwnerAccountName`, else `AccountName`
    'Account' AS SubAccountType, -- Account
    alibaba_tags(bill.Tag) AS Tags, -- `Tag` (`key:env value:prod; key:team value:pay` or `env:prod;team:pay`) as a JSON object
    bill.ProductCode AS x_ServiceCode -- `ProductCode`
FROM bill
LEFT JOIN alibaba_regions AS region ON region.name = alibaba_region_name(bill.Region)
LEFT JOIN alibaba_products AS product ON product.code = lower(bill.ProductCode)
