-- What the mappings (focus.sql and its like) and the loading share. Made on the writer's connection, whose
-- session reads times without a zone as UTC.

-- The number as written, in 18 decimals; NULL when it is none or too large for 20 digits before the point. Decimals
-- beyond the 18th are rounded half away from zero, so at most 5e-19 is lost. A DOUBLE means its shortest text (0.1 is
-- 0.1, where a cast would keep binary noise). Text is slow to make, so the 15 digits that fit come first: when they
-- give the same DOUBLE back they are that text, because no two numbers of 15 digits share a DOUBLE.
CREATE OR REPLACE TEMP MACRO money(x) AS
    CASE WHEN starts_with(typeof(x), 'DECIMAL') OR contains(typeof(x), 'INT') THEN TRY_CAST(x AS DECIMAL(38, 18))
         WHEN typeof(x) = 'DOUBLE' AND abs(TRY_CAST(x AS DOUBLE)) < 999
              AND CAST(TRY_CAST(x AS DECIMAL(15, 12)) AS DOUBLE) = TRY_CAST(x AS DOUBLE)
         THEN CAST(TRY_CAST(x AS DECIMAL(15, 12)) AS DECIMAL(38, 18))
         ELSE TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 18)) END;

-- The instant in UTC; NULL when it is none. Never text straight to TIMESTAMP: that cast drops '+02:00' without a
-- word. By way of microseconds, because the cast from TIMESTAMPTZ asks a calendar and costs a hundred times more.
CREATE OR REPLACE TEMP MACRO instant(x) AS
    CASE WHEN typeof(x) IN ('TIMESTAMP', 'DATE') THEN TRY_CAST(x AS TIMESTAMP)
         ELSE make_timestamp(epoch_us(TRY_CAST(x AS TIMESTAMPTZ))) END;

-- One of the given words in the given spelling, whatever its case; anything else as it is.
CREATE OR REPLACE TEMP MACRO spelled(x, a, b := NULL, c := NULL, d := NULL, e := NULL) AS
    CASE lower(x) WHEN lower(a) THEN a WHEN lower(b) THEN b WHEN lower(c) THEN c WHEN lower(d) THEN d
                  WHEN lower(e) THEN e ELSE x END;

-- The cloud behind a provider's name: ours where it is known, else the name in lower case with hyphens.
CREATE OR REPLACE TEMP MACRO cloud_of(provider) AS
    CASE WHEN provider IS NULL THEN 'unknown'
         WHEN regexp_matches(provider, '(?i)\baws\b|amazon') THEN 'aws'
         WHEN regexp_matches(provider, '(?i)google|\bgcp\b') THEN 'gcp'
         WHEN regexp_matches(provider, '(?i)alibaba|aliyun') THEN 'alibaba'
         WHEN regexp_matches(provider, '(?i)microsoft|azure') THEN 'azure'
         WHEN regexp_matches(provider, '(?i)oracle') THEN 'oracle'
         WHEN regexp_matches(provider, '(?i)tencent') THEN 'tencent'
         ELSE coalesce(nullif(trim(regexp_replace(lower(provider), '[^\pL\pN]+', '-', 'g'), '-'), ''), 'unknown') END;

-- The resource's id as the inventory writes it: the last part of an EC2 ARN, and of a Compute Engine path that ends
-- in a numeric id. A path that ends in a name keeps zone and kind: names repeat between zones and kinds.
CREATE OR REPLACE TEMP MACRO resource_key(id) AS
    CASE WHEN regexp_matches(id, '^arn:[^:]*:[^:]*:[^:]*:[^:]*:(instance|volume|snapshot|natgateway|elastic-ip)/.*[^/]$')
           OR regexp_matches(id, '^(//compute\.googleapis\.com/projects/|projects/).*/[0-9]+$')
         THEN regexp_extract(id, '[^/]+$')
         WHEN regexp_matches(id, '^(//compute\.googleapis\.com/projects/|projects/)[^/]+/.*[^/]$')
         THEN regexp_replace(id, '^(//compute\.googleapis\.com/)?projects/[^/]+/', '') ELSE id END;
