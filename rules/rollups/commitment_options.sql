-- Grain: one row per pool of usage, instrument, term and payment: what could be bought, sized on the usage that is left
-- once the usage actions are accepted. Empty until finops.commitments fills it, between the rules of the two stages.
-- A pool of which nothing can be said has one row with a `problem`. Amounts are those of 730 hours.
SELECT
    CAST(NULL AS VARCHAR) AS cloud, CAST(NULL AS VARCHAR) AS account_id, CAST(NULL AS VARCHAR) AS region,
    CAST(NULL AS VARCHAR) AS resource_id, CAST(NULL AS VARCHAR) AS option_id, CAST(NULL AS VARCHAR) AS instrument,
    CAST(NULL AS BIGINT) AS level, CAST(NULL AS VARCHAR) AS family_group, CAST(NULL AS VARCHAR) AS payer_group,
    CAST(NULL AS VARCHAR) AS covers, CAST(NULL AS VARCHAR) AS currency, CAST(NULL AS VARCHAR) AS problem,
    CAST(NULL AS DOUBLE) AS days, CAST(NULL AS BIGINT) AS term_months, CAST(NULL AS VARCHAR) AS payment,
    CAST(NULL AS VARCHAR) AS commitment, CAST(NULL AS DOUBLE) AS quantity, CAST(NULL AS VARCHAR) AS unit,
    CAST(NULL AS DOUBLE) AS hourly_commitment,
    CAST(NULL AS DOUBLE) AS usage_month, CAST(NULL AS DOUBLE) AS covered_month,
    CAST(NULL AS DOUBLE) AS commitment_month, CAST(NULL AS DOUBLE) AS saving, CAST(NULL AS DOUBLE) AS saving_low,
    CAST(NULL AS DOUBLE) AS saving_high, CAST(NULL AS DOUBLE) AS saving_if_10_less,
    CAST(NULL AS DOUBLE) AS saving_if_20_less, CAST(NULL AS DOUBLE) AS saving_if_30_less,
    CAST(NULL AS DOUBLE) AS coverage, CAST(NULL AS DOUBLE) AS utilisation, CAST(NULL AS DOUBLE) AS upfront,
    CAST(NULL AS DOUBLE) AS break_even_month, CAST(NULL AS DOUBLE) AS payback_month,
    CAST(NULL AS VARCHAR) AS price_basis, CAST(NULL AS VARCHAR) AS accounts
WHERE false
