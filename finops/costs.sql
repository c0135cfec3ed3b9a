-- Grain: one row per resource, charge component and currency: what usage charges cost in the last 30 days of
-- the account's bill. `cost` is exact; the engine normalises it to 730 hours with `hours`, the length of the
-- window. The window ends where the bill ends, or at $as_of when that is earlier, so that an old bill is
-- judged on its own month. Tax, credits, purchases and adjustments are not usage and stay out. `quantity` is in
-- hours or GiB where the bill counts time or bytes. `list_cost` is what the charges with a public price would cost at
-- it and `discounted_cost` what they do cost: together the discount. `covered_list_cost` is the part of `list_cost` that
-- a commitment covers. What a charge pays for is told by its meter, of which there are far fewer than charges.
WITH spans AS (
    SELECT
        x_Cloud, x_AccountId, coalesce(BillingAccountId, x_AccountId) AS payer, x_CostBasis = 'total' AS total,
        max(ChargePeriodEnd) FILTER (WHERE days_between(ChargePeriodStart, ChargePeriodEnd) <= 1.05) AS metered_to,
        max(ChargePeriodEnd) AS charged_to,
        -- Google's export begins with the hour it was switched on, in the middle of a month as a rule.
        min(CASE WHEN x_Cloud = 'gcp' THEN ChargePeriodStart ELSE least(ChargePeriodStart, coalesce(BillingPeriodStart, ChargePeriodStart)) END)
            AS billed_from
    FROM charges
    WHERE ChargeCategory = 'Usage' AND ChargePeriodStart < CAST($as_of AS TIMESTAMP)
    GROUP BY x_Cloud, x_AccountId, coalesce(BillingAccountId, x_AccountId), x_CostBasis = 'total'
),
payers AS (
    -- Monthly fees end in the future; hours and days tell how far the bill really goes. A bill speaks about its
    -- payer from the start of the billing period on (Google's from the first charge of the payer on), also for an
    -- account whose first charge came later.
    SELECT x_Cloud, payer, total, min(billed_from) AS billed_from,
        least(coalesce(max(metered_to), max(charged_to)), CAST($as_of AS TIMESTAMP)) AS window_end
    FROM spans
    GROUP BY x_Cloud, payer, total
),
candidates AS (
    -- One window for an account, also when it changed its payer within it.
    SELECT s.x_Cloud, s.x_AccountId, s.total, max(p.window_end) AS window_end,
        greatest(min(p.billed_from), max(p.window_end) - INTERVAL 30 DAY) AS window_start
    FROM spans AS s
    JOIN payers AS p ON p.x_Cloud = s.x_Cloud AND p.payer = s.payer AND p.total = s.total
    GROUP BY s.x_Cloud, s.x_AccountId, s.total
),
windows AS (
    -- Totals of an account name no resource: over days of which only totals are known, what the bill says of its
    -- resources would be spread too thin. So the bill alone counts while it is recent, and totals alone after that.
    SELECT w.x_Cloud, w.x_AccountId, w.total, w.window_end, w.window_start
    FROM candidates AS w
    LEFT JOIN candidates AS o ON o.x_Cloud = w.x_Cloud AND o.x_AccountId = w.x_AccountId AND o.total <> w.total
    WHERE o.total IS NULL
       OR (CASE WHEN w.total THEN o.window_end ELSE w.window_end END > CAST($as_of AS TIMESTAMP) - INTERVAL 35 DAY)
           <> w.total
),
periods AS (
    SELECT x_Cloud, coalesce(BillingAccountId, x_AccountId) AS payer, x_CostBasis = 'total' AS total,
        BillingPeriodStart AS period_start,
        max(coalesce(BillingPeriodEnd, BillingPeriodStart + INTERVAL 1 MONTH)) AS period_end
    FROM charges
    WHERE ChargeCategory = 'Usage' AND BillingPeriodStart IS NOT NULL
    GROUP BY x_Cloud, coalesce(BillingAccountId, x_AccountId), x_CostBasis = 'total', BillingPeriodStart
),
-- Time of which a bill is loaded: a month in the window that nobody loaded is not a month without cost.
loaded AS (
    SELECT x_Cloud, x_AccountId,
        sum(days_between(greatest(period_start, window_start), least(period_end, window_end))) * 24 AS hours
    FROM (
        SELECT w.x_Cloud, w.x_AccountId, w.window_start, w.window_end, p.period_start, max(p.period_end) AS period_end
        FROM windows AS w
        JOIN spans AS s ON s.x_Cloud = w.x_Cloud AND s.x_AccountId = w.x_AccountId AND s.total = w.total
        JOIN periods AS p ON p.x_Cloud = s.x_Cloud AND p.payer = s.payer AND p.total = s.total AND p.period_start < w.window_end
        GROUP BY w.x_Cloud, w.x_AccountId, w.window_start, w.window_end, p.period_start
    )
    WHERE period_end > window_start
    GROUP BY x_Cloud, x_AccountId
),
meters AS (
    SELECT
        cloud, service, meter, operation, description, category, subcategory,
        charge_component(cloud, service, meter, operation, description, category, subcategory) AS component
    FROM (
        SELECT DISTINCT
            x_Cloud AS cloud,
            coalesce(x_ServiceCode, ServiceName, '') AS service,
            coalesce(x_UsageType, SkuMeter, '') AS meter,
            coalesce(x_Operation, '') AS operation,
            -- AWS writes the price into its descriptions, so there are many, and the usage type tells all.
            CASE WHEN x_Cloud = 'aws' AND coalesce(x_UsageType, SkuMeter) IS NOT NULL THEN ''
                 ELSE coalesce(ChargeDescription, '') END AS description,
            coalesce(ServiceCategory, '') AS category,
            coalesce(ServiceSubcategory, '') AS subcategory
        FROM charges
        WHERE ChargeCategory = 'Usage'
    )
),
inside AS (
    SELECT
        c.x_Cloud AS cloud,
        c.x_AccountId AS account_id,
        c.RegionId AS region,
        c.x_ResourceKey AS resource_id,
        m.component,
        c.BillingCurrency AS currency,
        w.window_start,
        w.window_end,
        l.hours,
        c.x_CostBasis AS basis,
        c.CommitmentDiscountId IS NOT NULL AS committed,
        c.CommitmentDiscountStatus = 'Unused' AS unused,
        c.x_Cost AS cost,
        -- A list price of 0 beside a cost is one that the bill leaves out.
        CASE WHEN c.ListCost = 0 AND c.x_Cost <> 0 THEN NULL ELSE c.ListCost END AS list_cost,
        -- What was paid for: AWS meters some traffic between zones a second time, at no price.
        CASE WHEN c.x_Cost <> 0 THEN coalesce(
            consumed(c.ConsumedQuantity, c.ConsumedUnit), consumed(c.PricingQuantity, c.PricingUnit)) END AS quantity,
        -- A charge that reaches over an end of the window counts for the part of it that lies inside.
        CASE WHEN c.ChargePeriodStart < w.window_start OR c.ChargePeriodEnd > w.window_end THEN
            days_between(greatest(c.ChargePeriodStart, w.window_start), least(c.ChargePeriodEnd, w.window_end))
            / days_between(c.ChargePeriodStart, c.ChargePeriodEnd)
        END AS share
    FROM charges AS c
    JOIN windows AS w USING (x_Cloud, x_AccountId)
    JOIN meters AS m
        ON m.cloud = c.x_Cloud
        AND m.service = coalesce(c.x_ServiceCode, c.ServiceName, '')
        AND m.meter = coalesce(c.x_UsageType, c.SkuMeter, '')
        AND m.operation = coalesce(c.x_Operation, '')
        AND m.description = CASE WHEN c.x_Cloud = 'aws' AND coalesce(c.x_UsageType, c.SkuMeter) IS NOT NULL THEN ''
            ELSE coalesce(c.ChargeDescription, '') END
        AND m.category = coalesce(c.ServiceCategory, '')
        AND m.subcategory = coalesce(c.ServiceSubcategory, '')
    LEFT JOIN loaded AS l USING (x_Cloud, x_AccountId)
    WHERE c.ChargeCategory = 'Usage'
      AND c.x_Cost IS NOT NULL
      AND (c.x_CostBasis = 'total') = w.total
      AND c.ChargePeriodStart < w.window_end
      AND c.ChargePeriodEnd > w.window_start
),
counted_in AS (
    SELECT
        cloud, account_id, region, resource_id, component, currency, window_start, window_end, hours, basis,
        committed, unused,
        CASE WHEN share IS NULL THEN cost ELSE CAST(CAST(cost AS DOUBLE) * share AS DECIMAL(38, 18)) END AS cost,
        CASE WHEN share IS NULL THEN list_cost ELSE CAST(CAST(list_cost AS DOUBLE) * share AS DECIMAL(38, 18)) END
            AS list_cost,
        quantity * coalesce(share, 1) AS quantity
    FROM inside
)
SELECT
    cloud,
    account_id,
    max(region) AS region,
    CASE WHEN unused THEN NULL ELSE resource_id END AS resource_id,
    CASE WHEN unused THEN 'commitment_unused' ELSE component END AS component,
    currency,
    sum(cost) AS cost,
    sum(CASE WHEN committed THEN cost ELSE 0 END) AS committed_cost,
    sum(list_cost) AS list_cost,
    sum(CASE WHEN list_cost IS NOT NULL THEN cost END) AS discounted_cost,
    sum(CASE WHEN committed AND NOT coalesce(unused, false) THEN list_cost END) AS covered_list_cost,
    sum(quantity) AS quantity,
    greatest(1.0, coalesce(max(hours), days_between(min(window_start), max(window_end)) * 24)) AS hours,
    min(window_start) AS window_start,
    max(window_end) AS window_end,
    max(basis) AS basis
FROM counted_in
GROUP BY ALL
