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
-- What is paid for ahead costs nothing less before its term ends: the end of a reason, and the doubt about its saving.
CREATE OR REPLACE TEMP MACRO renewal(purchase_model, expires_at, auto_renew) AS CASE
    WHEN purchase_model IS NULL OR purchase_model <> 'subscription' THEN ''
    WHEN auto_renew THEN '; its subscription renews itself' || coalesce(' on ' || CAST(CAST(expires_at AS DATE) AS VARCHAR), '')
    WHEN NOT auto_renew THEN '; its subscription ends by itself' || coalesce(' on ' || CAST(CAST(expires_at AS DATE) AS VARCHAR), '')
        || ' unless somebody renews it'
    ELSE '; whether its subscription renews itself' || coalesce(' on ' || CAST(CAST(expires_at AS DATE) AS VARCHAR), '')
        || ' is not known'
END;
CREATE OR REPLACE TEMP MACRO paid_ahead(purchase_model, expires_at) AS CASE WHEN purchase_model = 'subscription'
    THEN 'its subscription is paid already: the saving starts at renewal'
        || coalesce(' on ' || CAST(CAST(expires_at AS DATE) AS VARCHAR), '')
END;
