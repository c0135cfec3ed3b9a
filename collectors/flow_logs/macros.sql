-- What the mappings of flow logs call.
-- Seconds since 1970, from 1990 to 2200: anything else is no instant of a flow.
CREATE OR REPLACE TEMP MACRO unix(text) AS CASE
    WHEN TRY_CAST(text AS BIGINT) BETWEEN 631152000 AND 7258118400 THEN make_timestamp(CAST(text AS BIGINT) * 1000000)
END;
CREATE OR REPLACE TEMP MACRO wall(first, second) AS TRY_CAST(regexp_extract(
    coalesce(first, second), '^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}') AS TIMESTAMP);
CREATE OR REPLACE TEMP MACRO field(entry, path) AS (entry -> '$.jsonPayload') ->> path;
-- Addresses that no packet on the internet may have, as text; carrier-grade and link-local ones, too.
CREATE OR REPLACE TEMP MACRO is_internal(address) AS regexp_matches(lower(address),
    '^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|::1$|0\.)');
