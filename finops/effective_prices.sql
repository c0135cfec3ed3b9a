-- What each part of each resource costs in a month of 730 hours: the effective price, from the bill.
-- A view of the warehouse, made from the rollup `cost` (costs.sql) as of the end of each account's bill. One line per
-- column: `expression AS name, -- what it is`.
SELECT
    cloud AS cloud, -- aws | alibaba | gcp | …
    account_id AS account_id, -- account or project that used it
    region AS region, -- region id
    resource_id AS resource_id, -- as the inventory writes it; NULL for charges of no resource and for unused commitments
    component AS component, -- compute | storage | iops | public_ip | cross_zone | commitment_unused …: what the charges pay for
    currency AS currency, -- billing currency
    CAST(cost AS DOUBLE) * 730 / hours AS monthly_cost, -- effective cost in 730 hours; billed cost where basis says so
    CAST(list_cost AS DOUBLE) * 730 / hours AS monthly_list_cost, -- the same at public prices, of the charges that have one; NULL where none has
    CAST(discounted_cost AS DOUBLE) / CASE WHEN list_cost <> 0 THEN CAST(list_cost AS DOUBLE) END AS discount_factor, -- effective over public price, of the charges that have one: 0.7 is 30 % off
    CAST(coalesce(covered_list_cost, 0) AS DOUBLE) / CASE WHEN list_cost <> 0 THEN CAST(list_cost AS DOUBLE) END AS covered_share, -- part of monthly_list_cost that commitments cover, 0 to 1
    CAST(committed_cost AS DOUBLE) * 730 / hours AS monthly_committed_cost, -- part of monthly_cost that is a share of a commitment
    quantity * 730 / hours AS monthly_quantity, -- hours or GiB in 730 hours, where the bill counts either
    cost AS cost, -- exact cost of the charges in the window
    hours AS hours, -- length of the window, of which a bill is loaded
    window_start AS window_start, -- its start, UTC
    window_end AS window_end, -- its end, UTC: where the account's bill ends
    basis AS basis -- effective | billed | total, as charges.x_CostBasis
FROM cost
