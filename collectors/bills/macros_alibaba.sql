-- What alibaba.sql calls, beside macros.sql.

-- Times without a zone are UTC+8 on Alibaba's bills, wherever the region is; one that names its zone means it. NULL
-- where the text is no time. A day is the midnight it begins with.
CREATE OR REPLACE TEMP MACRO beijing(x) AS
    CASE WHEN typeof(x) IN ('TIMESTAMP', 'DATE') THEN TRY_CAST(x AS TIMESTAMP) - INTERVAL 8 HOUR
         WHEN regexp_full_match(CAST(x AS VARCHAR), '[0-9]{8}') THEN try_strptime(CAST(x AS VARCHAR), '%Y%m%d') - INTERVAL 8 HOUR
         WHEN regexp_full_match(CAST(x AS VARCHAR), '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]+)?')
         THEN TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP) - INTERVAL 8 HOUR
         WHEN regexp_matches(CAST(x AS VARCHAR), ':[0-9.]+\s*(Z|[+-][0-9]{2}(:?[0-9]{2})?)$') THEN instant(x) END;

-- The first day of a month written 2026-10, 202610, 2026/10 or 2026年10月, or of a day; NULL where it is none.
CREATE OR REPLACE TEMP MACRO bill_month(x) AS
    CASE WHEN regexp_full_match(CAST(x AS VARCHAR), '[0-9]{4}(-|/|年)?(0[1-9]|1[0-2])(月|-[0-9]{2})?')
         THEN try_strptime(regexp_extract(CAST(x AS VARCHAR), '^[0-9]{4}') || regexp_extract(CAST(x AS VARCHAR), '^[0-9]{4}\D?([0-9]{2})', 1) || '01', '%Y%m%d') END;

-- When the charge ends: as told, else with the day (UTC+8) in which it was paid for or which it is of, else with the month.
CREATE OR REPLACE TEMP MACRO alibaba_end(ends, starts, paid, day, month) AS
    CASE WHEN ends IS NOT NULL THEN ends
         WHEN coalesce(starts, paid, day) IS NOT NULL
         THEN date_trunc('day', coalesce(starts, paid, day) + INTERVAL 8 HOUR) + INTERVAL 16 HOUR
         ELSE month + INTERVAL 1 MONTH - INTERVAL 8 HOUR END;

-- An id without the blanks and tabs around it with which spreadsheets are told that it is text.
CREATE OR REPLACE TEMP MACRO id_text(x) AS nullif(trim(CAST(x AS VARCHAR), chr(9) || chr(32) || chr(160)), '');

-- A number where it is one. Unit prices and quantities may be words (tiers, a dash): these stay in x_Other.
CREATE OR REPLACE TEMP MACRO if_number(x) AS money(x);

-- FOCUS's category of a bill type (Item, 账单类型), which names an order, usage, a refund or an adjustment, in the API's
-- word, the console's or the upgraded bill's; where it says consumption only, the subscription type tells. What is
-- unknown stays as it is, so that its row is rejected with that word.
CREATE OR REPLACE TEMP MACRO alibaba_category(item, subscription) AS
    CASE WHEN item IS NULL OR regexp_full_match(item, '(?i)consumption|消费') THEN
           CASE WHEN regexp_matches(subscription, '(?i)subscription|预付|包年包月|订阅') THEN 'Purchase'
                WHEN regexp_matches(subscription, '(?i)pay.?as.?you.?go|后付|按量') THEN 'Usage'
                ELSE coalesce(subscription, item) END
         WHEN regexp_matches(item, '(?i)refund|adjust|rounding|commission|退款|退费|调账|调整|抹零') THEN 'Adjustment'
         WHEN regexp_matches(item, '(?i)coverage') THEN 'Usage'
         WHEN regexp_matches(item, '(?i)subscription|upfront|预付|订阅|包年包月') THEN 'Purchase'
         WHEN regexp_matches(item, '(?i)pay.?as.?you.?go|后付|按量') THEN 'Usage'
         ELSE item END;

-- The currency as a code. A bill without the column is in CNY when its header is the Chinese one (`chinese` is a value
-- of a column that only it has) and the price's unit does not name another currency: the China site bills in nothing
-- else. Otherwise NULL.
CREATE OR REPLACE TEMP MACRO alibaba_currency(currency, chinese, price_unit) AS
    CASE WHEN currency IS NOT NULL THEN
           CASE upper(trim(currency)) WHEN '人民币' THEN 'CNY' WHEN 'RMB' THEN 'CNY' WHEN '美元' THEN 'USD' WHEN '日元' THEN 'JPY'
                ELSE upper(trim(currency)) END
         WHEN chinese IS NOT NULL AND NOT coalesce(regexp_matches(price_unit, '(?i)usd|美元|\$|jpy|日元|eur|欧元|hkd|港'), false)
         THEN 'CNY' END;

-- A unit in FOCUS's words, where it is certain which one it is; else as it is.
CREATE OR REPLACE TEMP MACRO alibaba_unit(unit) AS coalesce(MAP {
    '秒': 'Seconds', 'second': 'Seconds', 'seconds': 'Seconds', 's': 'Seconds', '分钟': 'Minutes', 'minute': 'Minutes',
    'minutes': 'Minutes', '小时': 'Hours', 'hour': 'Hours', 'hours': 'Hours', '天': 'Days', '日': 'Days', 'day': 'Days',
    'days': 'Days', '月': 'Months', '个月': 'Months', 'month': 'Months', 'months': 'Months', '年': 'Years', 'year': 'Years',
    'years': 'Years', '字节': 'Bytes', 'byte': 'Bytes', 'bytes': 'Bytes', 'kb': 'KB', 'mb': 'MB', 'gb': 'GB', 'tb': 'TB',
    'gb*小时': 'GB-Hours', 'gb·小时': 'GB-Hours', 'gb*hour': 'GB-Hours', 'gb*天': 'GB-Days', 'gb*day': 'GB-Days',
    'gb*月': 'GB-Months', 'gb·月': 'GB-Months', 'gb*month': 'GB-Months'
}[lower(trim(unit))], trim(unit));

-- What the price is for: the unit behind 元/ or USD/, in FOCUS's words.
CREATE OR REPLACE TEMP MACRO alibaba_price_unit(unit) AS
    alibaba_unit(nullif(regexp_replace(trim(unit), '(?i)^(元|人民币|美元|cny|rmb|usd|\$|¥|￥)\s*/\s*', ''), ''));

-- The quantity in the price's unit; NULL where usage is counted in another one than seconds for hours.
CREATE OR REPLACE TEMP MACRO alibaba_priced(quantity, unit, price_unit) AS
    CASE WHEN price_unit IS NULL OR unit = price_unit THEN quantity
         WHEN unit = 'Seconds' AND price_unit = 'Hours' THEN CAST(quantity / 3600 AS DECIMAL(38, 18)) END;

-- Tags as a JSON object. Two spellings: `key:env value:prod; key:team value:pay` and `env:prod;team:pay`. A value that
-- holds `; key:` (or a semicolon in the second spelling) cannot be told from two.
CREATE OR REPLACE TEMP MACRO alibaba_pair(key, value) AS
    CAST(to_json(trim(key)) AS VARCHAR) || ':' || CAST(to_json(trim(value)) AS VARCHAR);
CREATE OR REPLACE TEMP MACRO alibaba_worded(part) AS
    CASE WHEN contains(part, ' value:')
         THEN alibaba_pair(split_part(part, ' value:', 1), rtrim(substr(part, strpos(part, ' value:') + 7), '; '))
         ELSE alibaba_pair(rtrim(part, '; '), '') END;
CREATE OR REPLACE TEMP MACRO alibaba_colon(part) AS
    alibaba_pair(split_part(part, ':', 1), substr(part, length(split_part(part, ':', 1)) + 2));
CREATE OR REPLACE TEMP MACRO alibaba_tags(tag) AS
    CASE WHEN tag IS NULL OR tag IN ('-', '{}') THEN NULL
         WHEN starts_with(tag, '{') AND json_valid(tag) THEN tag
         WHEN starts_with(tag, 'key:') AND contains(tag, ' value:')
         THEN '{' || array_to_string(list_transform(string_split(replace(substr(tag, 5), ';key:', '; key:'), '; key:'),
              lambda part : alibaba_worded(part)), ',') || '}'
         ELSE nullif('{' || array_to_string(list_transform(list_filter(string_split(tag, ';'), lambda part : trim(part) <> ''),
              lambda part : alibaba_colon(part)), ',') || '}', '{}') END;

-- A region's name for comparing: brackets of either width, blanks and case do not matter.
CREATE OR REPLACE TEMP MACRO alibaba_region_name(region) AS
    lower(regexp_replace(translate(region, '（）－', '()-'), '\s+', '', 'g'));

-- The region's id when the name is one, else that of a zone: cn-hangzhou-k, ap-southeast-1a.
CREATE OR REPLACE TEMP MACRO alibaba_region(region, known, zone) AS
    CASE WHEN regexp_full_match(region, '(cn|ap|us|eu|me|na|rus)-[a-z]+[a-z0-9-]*') THEN region
         ELSE coalesce(known, nullif(coalesce(nullif(regexp_extract(zone, '^(cn-[a-z]+(-lr)?)-[a-z]$', 1), ''),
                                              regexp_extract(zone, '^((ap|us|eu|me|na|rus)-[a-z]+-[0-9]+)[a-z]$', 1)), '')) END;

-- FOCUS's subcategory of a charge, given that of its product. An instance's own disks and traffic are billed under its
-- product and id, and told by the billable item; 'Other' is honest for what is not known.
CREATE OR REPLACE TEMP MACRO alibaba_subcategory(product, item) AS
    CASE WHEN product = 'Virtual Machines' AND regexp_matches(item, '(?i)disk|系统盘|数据盘') THEN 'Block Storage'
         WHEN product = 'Virtual Machines' AND regexp_matches(item, '(?i)snapshot|快照') THEN 'Backup Storage'
         WHEN product = 'Virtual Machines' AND regexp_matches(item, '(?i)network|bandwidth|flow|traffic|流量|带宽') THEN 'Network Infrastructure'
         ELSE coalesce(product, 'Other (Other)') END;

-- The subcategory of a product, by its code (Alibaba's billing API).
CREATE OR REPLACE TEMP TABLE alibaba_products AS
SELECT unnest(string_split(codes, ' ')) AS code, subcategory FROM (VALUES
    ('ecs', 'Virtual Machines'),
    ('yundisk disk', 'Block Storage'),
    ('snapshot hbr', 'Backup Storage'),
    ('eci acr csk cs ack', 'Containers'),
    ('fc sae', 'Serverless Compute'),
    ('oss', 'Object Storage'),
    ('nas cpfs', 'File Storage'),
    ('rds polardb drds oceanbase', 'Relational Databases'),
    ('dds ots hbase lindorm', 'NoSQL Databases'),
    ('kvstore redisa ocs', 'Caching'),
    ('ads gpdb odps hologram', 'Data Warehouses'),
    ('eip slb alb nlb nat_gw nat vpc cdt cbwp ipv6gateway privatelink', 'Network Infrastructure'),
    ('cbn cen vpn expressconnect smartag', 'Network Connectivity'),
    ('ga gaplus alidns dns', 'Network Routing'),
    ('cdn dcdn scdn esa', 'Content Delivery'),
    ('cfw ddos ddosbgp ddoscoo', 'Network Security'),
    ('waf', 'Threat Detection and Response'),
    ('sas', 'Security Posture Management'),
    ('kms', 'Secret Management'),
    ('sls cms arms prometheus grafana', 'Observability'),
    ('ons rmq alikafka mns eventbridge', 'Messaging'),
    ('apigateway', 'API Management'),
    ('emr dts dide dataworks flink', 'Data Processing'),
    ('elasticsearch opensearch', 'Search'),
    ('learn pai', 'Machine Learning'),
    ('sfm bailian', 'Generative AI'),
    ('gws ecd', 'End User Computing')
) AS products(codes, subcategory);

-- Regions as bills write them, on the China site (华东1（杭州）) and on the international one, for comparing by
-- alibaba_region_name(). Ids: terraform-provider-alicloud; names: Alibaba Cloud's pages of regions and endpoints
-- (help.aliyun.com/zh/oss/user-guide/regions-and-endpoints, alibabacloud.com/help/en/oss/regions-and-endpoints), with
-- names of older bills. A name that is not here gives no id; it stays in RegionName.
CREATE OR REPLACE TEMP TABLE alibaba_regions AS FROM (VALUES
    ('cn-qingdao', '华北1(青岛)'), ('cn-qingdao', 'china(qingdao)'),
    ('cn-beijing', '华北2(北京)'), ('cn-beijing', 'china(beijing)'),
    ('cn-zhangjiakou', '华北3(张家口)'), ('cn-zhangjiakou', 'china(zhangjiakou)'),
    ('cn-huhehaote', '华北5(呼和浩特)'), ('cn-huhehaote', 'china(hohhot)'),
    ('cn-wulanchabu', '华北6(乌兰察布)'), ('cn-wulanchabu', 'china(ulanqab)'),
    ('cn-hangzhou', '华东1(杭州)'), ('cn-hangzhou', 'china(hangzhou)'),
    ('cn-shanghai', '华东2(上海)'), ('cn-shanghai', 'china(shanghai)'),
    ('cn-nanjing', '华东5(南京-本地地域)'), ('cn-nanjing', '华东5(南京)'), ('cn-nanjing', 'china(nanjing-localregion)'), ('cn-nanjing', 'china(nanjing)'),
    ('cn-fuzhou', '华东6(福州-本地地域)'), ('cn-fuzhou', '华东6(福州)'), ('cn-fuzhou', 'china(fuzhou-localregion)'), ('cn-fuzhou', 'china(fuzhou)'),
    ('cn-wuhan-lr', '华中1(武汉-本地地域)'), ('cn-wuhan-lr', '华中1(武汉)'), ('cn-wuhan-lr', 'china(wuhan-localregion)'), ('cn-wuhan-lr', 'china(wuhan)'),
    ('cn-shenzhen', '华南1(深圳)'), ('cn-shenzhen', 'china(shenzhen)'),
    ('cn-heyuan', '华南2(河源)'), ('cn-heyuan', 'china(heyuan)'),
    ('cn-guangzhou', '华南3(广州)'), ('cn-guangzhou', 'china(guangzhou)'),
    ('cn-chengdu', '西南1(成都)'), ('cn-chengdu', 'china(chengdu)'),
    ('cn-zhongwei', '西北2(中卫)'), ('cn-zhongwei', 'china(zhongwei)'),
    ('cn-hongkong', '中国香港'), ('cn-hongkong', '中国(香港)'), ('cn-hongkong', 'china(hongkong)'),
    ('ap-northeast-1', '日本(东京)'), ('ap-northeast-1', 'japan(tokyo)'),
    ('ap-northeast-2', '韩国(首尔)'), ('ap-northeast-2', 'southkorea(seoul)'),
    ('ap-southeast-1', '新加坡'), ('ap-southeast-1', 'singapore'),
    ('ap-southeast-2', '澳大利亚(悉尼)'), ('ap-southeast-2', 'australia(sydney)'),
    ('ap-southeast-3', '马来西亚(吉隆坡)'), ('ap-southeast-3', 'malaysia(kualalumpur)'),
    ('ap-southeast-5', '印度尼西亚(雅加达)'), ('ap-southeast-5', 'indonesia(jakarta)'),
    ('ap-southeast-6', '菲律宾(马尼拉)'), ('ap-southeast-6', 'philippines(manila)'),
    ('ap-southeast-7', '泰国(曼谷)'), ('ap-southeast-7', 'thailand(bangkok)'),
    ('ap-south-1', '印度(孟买)'), ('ap-south-1', 'india(mumbai)'),
    ('eu-central-1', '德国(法兰克福)'), ('eu-central-1', 'germany(frankfurt)'),
    ('eu-west-1', '英国(伦敦)'), ('eu-west-1', 'uk(london)'),
    ('us-east-1', '美国(弗吉尼亚)'), ('us-east-1', 'us(virginia)'),
    ('us-west-1', '美国(硅谷)'), ('us-west-1', 'us(siliconvalley)'),
    ('us-southeast-1', '美国(亚特兰大)'), ('us-southeast-1', 'us(atlanta)'),
    ('na-south-1', '墨西哥'), ('na-south-1', 'mexico'),
    ('me-east-1', '阿联酋(迪拜)'), ('me-east-1', 'uae(dubai)'),
    ('me-central-1', '沙特(利雅得)'), ('me-central-1', 'sau(riyadh-partnerregion)'), ('me-central-1', 'saudiarabia(riyadh)')
) AS regions(id, name);
