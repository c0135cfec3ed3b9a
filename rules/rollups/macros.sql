-- What rules and rollups may call beside plain SQL. Other engines define the same names in their own dialect.
CREATE OR REPLACE TEMP MACRO in_percent(ratio) AS printf('%.1f %%', CAST(100.0 * ratio AS DOUBLE));
CREATE OR REPLACE TEMP MACRO amount(x) AS CASE
    WHEN abs(x) >= 100 OR x = round(x) THEN format('{:,}', CAST(round(x) AS BIGINT))
    WHEN abs(x) >= 1 THEN printf('%.1f', CAST(x AS DOUBLE))
    WHEN abs(x) >= 0.001 THEN printf('%.2g', CAST(x AS DOUBLE))
    WHEN x IS NOT NULL THEN 'less than 0.001'
END;
CREATE OR REPLACE TEMP MACRO counted(n, one, many) AS
    amount(n) || ' ' || CASE WHEN n = 1 THEN one ELSE many END;
