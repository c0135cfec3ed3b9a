-- Grain: one row per resource of whose traffic a bill does not tell whether it goes between zones or over a public address:
-- on AWS where only the text is left of the usage type; Google cannot tell the zone of an external address.
SELECT DISTINCT x_Cloud AS cloud, x_AccountId AS account_id, x_ResourceKey AS resource_id
FROM charges
WHERE (coalesce(x_UsageType, SkuMeter) IS NULL AND contains(ChargeDescription, 'or using elastic IPs'))
   OR (x_Cloud = 'gcp' AND contains(ChargeDescription, 'Inter Zone'))
