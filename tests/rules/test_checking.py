"""A broken rule is refused in one sentence that names the file and the thing; refused or not, it cannot get out."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from finops import meters
from finops.errors import RuleError
from finops.schema_comments import tables
from finops.warehouse import reading, writing
from rules.engine import rollups, running
from rules.engine.catalogue import Rule, built_in_folder, catalogue, load, rule_files
from rules.engine.checking import COMPONENTS, METRICS, NEED_TABLES, ROLLUP_COLUMNS
from rules.engine.subset import MACROS

Written = Callable[[str, str], Rule]

GOOD = """/*---
id: big-volume
title: A volume that is big
class: oversized
action: delete
resource: volume
parameters:
  min_gib: {default: 100, unit: GiB, doc: "bigger than that"}
  min_days: {default: 7, unit: days, doc: "older than that"}
needs: [volumes, instances, "metrics:disk_read_ops_per_second"]
effort: low
risk: low
sources: [{title: "A document", url: "https://example.com/"}]
remediation: {aws: "aws ec2 delete-volume --volume-id {resource_id} --size {current_size_gib}"}
doc: |
  Finds volumes that are bigger than a limit. It is an example that the tests of the checks break in many ways.
---*/
WITH big AS (
    SELECT v.cloud, v.account_id, v.region, v.volume_id, v.size_gib, v.created_at, i.state
    FROM volumes AS v
    LEFT JOIN instances AS i ON i.cloud = v.cloud AND i.instance_id = v.instance_id
    WHERE v.size_gib > $min_gib
)
SELECT
    cloud,
    account_id,
    region,
    volume_id AS resource_id,
    CASE WHEN created_at > $min_days_cutoff THEN 'ok' ELSE 'finding' END AS verdict,
    'It has ' || amount(size_gib) || ' GiB (limit ' || amount($min_gib) || ').' AS reason,
    'all' AS components,
    size_gib AS current_size_gib,
    state AS extra
FROM big
"""


def test_the_rule_that_is_broken_below_is_sound(written: Written) -> None:
    rule = written("big-volume", GOOD)
    assert rule.id == "big-volume"
    assert rule.parameters_used == {"min_gib", "min_days_cutoff"}


def replaced(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def with_extra(expression: str) -> str:
    """The rule with another expression in its last column."""
    return replaced("state AS extra", f"{expression} AS extra")


HEADERS = {
    "no header": (GOOD.partition("---*/\n")[2], "a rule file begins with a header between /*--- and ---*/"),
    "a header that is not closed": (replaced("---*/", "*/"), "a rule file begins with a header"),
    "YAML that is none": (replaced("id: big-volume", "id: [big"), "the header is not YAML"),
    "a header that is a list": ("/*---\n- a\n---*/\nSELECT 1", "the header must be a list of keys and values"),
    "an unknown key": (replaced("effort: low", "effort: low\nseverity: low"), "severity: Extra inputs are not permitted"),
    "a missing key": (replaced("effort: low\n", ""), "effort: Field required"),
    "a class of its own": (replaced("class: oversized", "class: huge"), "class: Input should be 'unused'"),
    "an action of its own": (replaced("action: delete", "action: shrink"), "action: Input should be 'terminate'"),
    "a level of its own": (replaced("risk: low", "risk: none"), "risk: Input should be 'low', 'medium' or 'high'"),
    "another id than its file": (replaced("id: big-volume", "id: huge-volume"), "name the file huge-volume.sql"),
    "an id that is no id": (replaced("id: big-volume", "id: Big Volume"), "id: String should match pattern"),
    "no source": (replaced('sources: [{title: "A document", url: "https://example.com/"}]', "sources: []"), "sources: "),
    "a source without an address": (replaced("https://example.com/", "the web"), "sources.0.url: String should match"),
    "a threshold without a unit": (replaced("unit: GiB, ", ""), "parameters.min_gib.unit: Field required"),
    "a threshold without a word": (replaced('doc: "bigger than that"', 'doc: ""'), "parameters.min_gib.doc: "),
    "a documentation of two words": (replaced("  Finds volumes that are bigger than a limit. It is an example that the tests of the checks break in many ways.", "  Big ones."), "doc: String should have at least 40"),
    "a cloud of its own": (replaced("{aws: ", "{azure: "), "remediation.azure.[key]: Input should be 'aws', 'alibaba' or 'gcp'"),
    "an unknown placeholder": (replaced("{resource_id}", "{volume}"), "remediation: {volume} is not known"),
    "a placeholder without a name": (replaced("{resource_id}", "{}"), "remediation: {} is not known"),
    "a brace that is not closed": (replaced("{resource_id}", "{resource_id"), "is not a template"),
    "a placeholder that no column fills": (replaced("{current_size_gib}", "{proposed_size_gib}"), "remediation: {proposed_size_gib} is not a column that the query returns"),
    "an action of remediation that is none": (replaced('{aws: "aws', '{aws: {shrink: "aws').replace("{current_size_gib}\"}", "{current_size_gib}\"}}"), "remediation: shrink is neither an action nor a case: the query returns no remediation_case."),
    "a reserved name of a parameter": (GOOD.replace("min_gib", "account"), "a parameter may not be called account"),
    "days that are no number": (replaced("{default: 7, unit: days", "{default: week, unit: days"), "the parameter min_days is in days, so its default must be a number"),
    "a need that is nothing": (replaced("needs: [volumes, instances", "needs: [volumes, disks"), "needs: there is no dataset disks"),
    "a table of our own records": (replaced("needs: [volumes, instances", "needs: [volumes, findings"), "needs: there is no dataset findings"),
    "a metric that is none": (replaced("metrics:disk_read_ops_per_second", "metrics:disk_reads"), "needs: there is no metric disk_reads"),
    "metrics without a name": (replaced('"metrics:disk_read_ops_per_second"', "metrics"), "write a metric as metrics:NAME and a table as its name, not metrics"),
    "a table with a name": (replaced("needs: [volumes, instances", 'needs: ["volumes:big", instances'), "not volumes:big"),
}  # fmt: skip
NAMES = {
    "a misspelt parameter": (replaced("amount($min_gib)", "amount($min_gb)"), "$min_gb is not a declared parameter"),
    "a cutoff of a parameter that is not in days": (replaced("$min_days_cutoff", "$min_gib_cutoff"), "$min_gib_cutoff is not a declared parameter"),
    "a numbered parameter": (replaced("amount($min_gib)", "amount($1)"), "$1 is not a declared parameter"),
    "a nameless parameter": (replaced("amount($min_gib)", "amount(?)"), "$? is not a declared parameter"),
    "a parameter that is never used": (replaced("created_at > $min_days_cutoff", "created_at IS NULL"), "the parameter min_days is declared but never used"),
    "a misspelt column": (replaced("v.size_gib, v.created_at", "v.size_gb AS size_gib, v.created_at"), "there is no column v.size_gb"),
    "a misspelt column without its table": (replaced("state AS extra", "stat AS extra"), "there is no column stat"),
    "a column of another table": (replaced("i.state", "i.size_gib AS state"), "there is no column i.size_gib"),
    "a table that is not in FROM": (replaced("i.state", "w.state"), "there is no column w.state"),
    "a column that two tables have": (replaced("v.region, v.volume_id", "region, v.volume_id"), "the column region is in i and in v: write which is meant"),
    "a column below a column": (with_extra("big.state.name.first"), "big.state.name.first reaches into a value"),
    "the number of a row": (with_extra("rowid"), "there is no column rowid"),
    "a misspelt column in a subquery": (replaced("FROM big", "FROM big WHERE EXISTS (SELECT 1 FROM instances AS x WHERE x.instance_id = big.volume)"), "there is no column big.volume"),
    "a misspelt column in a query that nobody reads": (replaced("WITH big AS", "WITH unread AS (SELECT size FROM volumes), big AS"), "there is no column size"),
    "an undeclared table": (replaced("LEFT JOIN instances", "LEFT JOIN snapshots"), "the table snapshots is read but not declared under needs"),
    "the bill itself": (with_extra("(SELECT sum(x_Cost) FROM charges)"), "the table charges is read but not declared under needs"),
    "the bill behind a query of its name": (replaced("FROM big", "FROM big CROSS JOIN (WITH charges AS (SELECT 1 AS x) SELECT x FROM charges) AS q CROSS JOIN charges"), "charges is a table; give the query in WITH another name"),
    "a table hidden by a query": (replaced("WITH big AS", "WITH tags AS (SELECT 1 AS x), big AS"), "tags is a table; give the query in WITH another name"),
    "a table of another schema": (replaced("FROM volumes", "FROM main.volumes"), "main.volumes AS v is not a table that rules may read"),
    "the catalogue of the database": (with_extra("(SELECT count(*) FROM information_schema.tables)"), "information_schema.tables is not a table that rules may read"),
    "a missing column": (replaced("    region,\n    volume_id", "    volume_id"), "the query must return the column region"),
    "no reason": (replaced("AS reason", "AS because"), "the query must return the column reason"),
    "no components": (replaced("AS components", "AS parts"), "the query must return the column components"),
    "a column returned twice": (replaced("state AS extra", "state AS extra, 1 AS Extra"), "the column extra is returned twice"),
}  # fmt: skip
STATEMENTS = {
    "DROP": ("DROP TABLE volumes", "a rule is one SELECT that reads, not DROP"),
    "INSERT": ("INSERT INTO volumes SELECT 1", "a rule is one SELECT that reads, not INSERT"),
    "UPDATE": ("UPDATE volumes SET name = 'x'", "a rule is one SELECT that reads, not UPDATE"),
    "DELETE": ("DELETE FROM volumes", "a rule is one SELECT that reads, not DELETE"),
    "COPY": ("COPY volumes TO '/tmp/x'", "a rule is one SELECT that reads, not COPY"),
    "ATTACH": ("ATTACH '/tmp/x'", "a rule is one SELECT that reads, not ATTACH"),
    "SET": ("SET threads = 1", "a rule is one SELECT that reads, not SET"),
    "PRAGMA": ("PRAGMA database_list", "a rule is one SELECT that reads, not PRAGMA"),
    "DESCRIBE": ("DESCRIBE volumes", "a rule is one SELECT that reads, not DESCRIBE"),
    "VALUES": ("VALUES (1)", "a rule is one SELECT that reads, not VALUES"),
    "PIVOT": ("PIVOT volumes ON cloud", "a rule is one SELECT that reads, not PIVOT"),
    "nothing": ("-- nothing", "a rule is one SELECT, this file holds 0 statements"),
    "two statements": ("SELECT 1; DROP TABLE volumes", "a rule is one SELECT, this file holds 2 statements"),
    "no SQL": ("SELEKT cloud FROM volumes WHERE", "the SQL does not parse"),
    "a DELETE inside": ("WITH x AS (DELETE FROM volumes RETURNING cloud) SELECT cloud FROM x", "outside the portable subset"),
    "SELECT INTO": ("SELECT cloud INTO x FROM volumes", "SELECT INTO is outside the portable subset"),
}  # fmt: skip
EXPRESSIONS = {
    "now()": "the function now is not in the subset",
    "current_date": "the function current_date is not in the subset",
    "current_timestamp": "the function current_timestamp is not in the subset",
    "localtimestamp": "the function localtimestamp is not in the subset",
    "random()": "the function rand is not in the subset",
    "uuid()": "the function uuid is not in the subset",
    "current_user": "the function current_user is not in the subset",
    "getenv('HOME')": "the function getenv is not in the subset",
    "current_setting('threads')": "the function current_setting is not in the subset",
    "quantile_cont(size_gib, 0.5)": "the function percentile_cont is not in the subset",
    "median(size_gib)": "the function median is not in the subset",
    "approx_quantile(size_gib, 0.5)": "the function approx_quantile is not in the subset",
    "arg_max(state, size_gib)": "the function arg_max is not in the subset",
    "list(state)": "the function array_agg is not in the subset",
    "string_agg(state, ',')": "the function group_concat is not in the subset",
    "lag(size_gib) OVER (ORDER BY volume_id)": "the function lag is not in the subset",
    "printf('%s', state)": "the function printf is not in the subset",
    "date_trunc('day', created_at)": "the function timestamp_trunc is not in the subset",
    "extract(hour FROM created_at)": "the function extract is not in the subset",
    "state.upper()": "Dot",
    "state ~ 'x'": "the function regexp_like is not in the subset",
    "state ->> 'x'": "the function json_extract_scalar is not in the subset",
    "map {'a': 1}": "the function to_map is not in the subset",
    "columns('state')": "the function columns is not in the subset",
    "[size_gib, 1]": "a list is outside the portable subset",
    "{'a': size_gib}": "a struct is outside the portable subset",
    "state[1]": "a list or a slice is outside the portable subset",
    "state[1:2]": "a list or a slice is outside the portable subset",
    "INTERVAL 1 DAY": "interval arithmetic (use days_between, or the cutoff of a parameter in days) is outside the portable subset",
    "CAST('1 day' AS INTERVAL)": "the type INTERVAL is outside the portable subset",
    "CAST(state AS JSON)": "the type JSON is outside the portable subset",
    "CAST(state AS VARCHAR[])": "is outside the portable subset",
    "CAST(created_at AS TIMESTAMPTZ)": "the type TIMESTAMPTZ is outside the portable subset",
    "created_at AT TIME ZONE 'UTC'": "a time zone (every time is UTC) is outside the portable subset",
    "state GLOB 'x*'": "state GLOB 'x*' is outside the portable subset",
    "state SIMILAR TO 'x'": "is outside the portable subset",
    "state COLLATE nocase": "the function collate is not in the subset",
    "#1": "a column by its number is outside the portable subset",
    "size_gib // 2": "is outside the portable subset",
    "(SELECT count(*) FROM read_csv('/etc/passwd'))": "the function read_csv is not in the subset",
    "(SELECT count(*) FROM '/etc/passwd')": "the table /etc/passwd is read but not declared",
    "(SELECT count(*) FROM range(9))": "the function generate_series is not in the subset",
    "(SELECT count(*) FROM duckdb_settings())": "the function duckdb_settings is not in the subset",
    "(SELECT count(*) FROM query('DROP TABLE x'))": "the function query is not in the subset",
}  # fmt: skip
CONSTRUCTS = {
    "SELECT *": (replaced("SELECT v.cloud", "SELECT *, v.cloud"), "* is not allowed, name the columns"),
    "SELECT v.*": (replaced("SELECT v.cloud", "SELECT v.*, v.cloud"), "* is not allowed, name the columns"),
    "QUALIFY": (GOOD + "QUALIFY row_number() OVER (ORDER BY volume_id) = 1", "QUALIFY (put row_number() into a subquery)"),
    "LIMIT": (GOOD + "LIMIT 1", "LIMIT (a rule tells of every resource) is outside"),
    "OFFSET": (GOOD + "OFFSET 1", "OFFSET (a rule tells of every resource) is outside"),
    "a sample": (GOOD + "USING SAMPLE 10%", "a sample of rows is outside"),
    "a sample of a table": (replaced("FROM big", "FROM big TABLESAMPLE 10%"), "a sample of rows is outside"),
    "DISTINCT ON": (replaced("SELECT\n    cloud", "SELECT DISTINCT ON (cloud)\n    cloud"), "DISTINCT ON is outside"),
    "WITH RECURSIVE": (replaced("WITH big", "WITH RECURSIVE big"), "WITH RECURSIVE is outside"),
    "ASOF JOIN": (replaced("LEFT JOIN instances", "ASOF LEFT JOIN instances"), "a ASOF join is outside"),
    "POSITIONAL JOIN": (replaced("FROM big", "FROM big POSITIONAL JOIN volumes"), "a POSITIONAL join is outside"),
    "NATURAL JOIN": (replaced("FROM big", "FROM big NATURAL JOIN volumes"), "a NATURAL join is outside"),
    "LATERAL": (replaced("FROM big", "FROM big, LATERAL (SELECT big.state AS s) AS x"), "LATERAL is outside"),
    "UNNEST": (replaced("FROM big", "FROM big, UNNEST(['a']) AS u (x)"), "UNNEST is outside"),
}  # fmt: skip
BROKEN = {
    **HEADERS,
    **NAMES,
    **{
        name: (GOOD.partition("---*/\n")[0] + f"---*/\n{sql}\n", words)
        for name, (sql, words) in STATEMENTS.items()
    },
    **{sql: (with_extra(sql), words) for sql, words in EXPRESSIONS.items()},
    **CONSTRUCTS,
}


@pytest.mark.filterwarnings("ignore:.*contains unsupported syntax")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_refused_in_one_sentence(name: str, written: Written) -> None:
    text, words = BROKEN[name]
    with pytest.raises(RuleError) as caught:
        written("big-volume", text)
    sentence = str(caught.value)
    assert sentence.startswith("big-volume.sql: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    if words != "Dot":
        assert words in sentence


PORTABLE = (
    "count(*) FILTER (WHERE TRUE)",
    "count(DISTINCT state)",
    "max(size_gib) OVER (PARTITION BY cloud ORDER BY volume_id)",
    "row_number() OVER (ORDER BY size_gib DESC NULLS LAST)",
    "coalesce(nullif(trim(lower(state)), ''), upper('x'))",
    "CASE state WHEN 'a' THEN 1 ELSE -1 END",
    "greatest(1, least(size_gib, 2), abs(round(floor(ceil(size_gib)), 2)))",
    "state IS NOT DISTINCT FROM 'x'",
    "state LIKE 'x!_%' ESCAPE '!' AND NOT state IN ('a', 'b') AND size_gib BETWEEN 1 AND 2",
    "CAST(size_gib AS DECIMAL(38, 18))",
    "TRY_CAST(state AS BIGINT)",
    "replace(concat(state, length(state)), 'a', 'b')",
    "days_between(created_at, $as_of)",
    "days_between($window_start, DATE '2026-01-01')",
    "counted(size_gib, 'GiB', 'GiB')",
    "in_percent(size_gib)",
    "(SELECT max(x.size_gib) FROM volumes AS x WHERE x.cloud = big.cloud)",
    "(SELECT count(*) FROM (VALUES (1, 'a'), (2, 'b')) AS v (n, s) WHERE v.n > 1)",
)


@pytest.mark.parametrize("sql", PORTABLE)
def test_what_is_portable_is_allowed(sql: str, written: Written) -> None:
    aggregate = sql.startswith("count") and "counted" not in sql
    text = with_extra(sql) + ("GROUP BY ALL\n" if aggregate else "")
    assert written("big-volume", text).id == "big-volume"


@pytest.mark.parametrize(
    "text",
    [
        replaced("LEFT JOIN instances AS i ON i.cloud = v.cloud AND", "SEMI JOIN tags AS t ON t.cloud = v.cloud LEFT JOIN instances AS i ON")
        .replace("needs: [volumes", "needs: [tags, volumes"),
        replaced("AS i ON i.cloud = v.cloud AND i.instance_id = v.instance_id", "AS i USING (cloud, instance_id)")
        .replace("v.cloud", "cloud"),
        replaced("WITH big AS (", "WITH sizes (gib) AS (VALUES (1), (2)), big AS (")
        .replace("WHERE v.size_gib > $min_gib", "WHERE v.size_gib > $min_gib AND EXISTS (SELECT 1 FROM sizes WHERE gib < v.size_gib)"),
        GOOD + "ORDER BY resource_id, extra",
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD + "-- a comment; with a semicolon\n",
    ],
)  # fmt: skip
def test_a_rule_may_be_written_like_this(text: str, written: Written) -> None:
    assert written("big-volume", text).id == "big-volume"


# --- files and folders


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big-volume.sql"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleError, match=r"^big-volume\.sql: the file cannot be read as text"):
        load(path)


def test_two_rules_of_one_id_are_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "idle-instance.sql"
    theirs.write_text((built_in_folder() / "compute" / "idle-instance.sql").read_text())
    with pytest.raises(RuleError, match="the rule idle-instance exists already in"):
        catalogue([tmp_path])


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"There is no rule file or folder "):
        list(rule_files(tmp_path / "rules"))


def test_a_users_folder_adds_rules(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage" / "big-volume.sql").write_text(GOOD)
    assert "big-volume" in {rule.id for rule in catalogue([tmp_path])}


def test_every_rule_of_ours_lies_in_a_folder_of_its_kind() -> None:
    assert {path.parent.parent for path in rule_files(built_in_folder())} == {built_in_folder()}


def test_our_own_rules_are_the_same_whether_they_are_checked_or_only_read() -> None:
    for path in rule_files(built_in_folder()):
        assert load(path, checked=False) == load(path)


# --- the lists the checks go by


def test_the_lists_of_tables_and_columns_are_those_of_the_rollups(con: duckdb.DuckDBPyConnection) -> None:
    rollups.build(con, datetime(2026, 11, 1))
    assert tuple(ROLLUP_COLUMNS) == rollups.ROLLUPS
    for name, columns in ROLLUP_COLUMNS.items():
        real = {row[0]: row[1].replace(",", ", ") for row in con.execute(f"DESCRIBE temp.{name}").fetchall()}
        assert real == dict(columns), name
    assert {table for opened in NEED_TABLES.values() for table in opened} == {
        *ROLLUP_COLUMNS,
        "prices",
        "tags",
    }


def test_the_list_of_metrics_is_that_of_the_schema() -> None:
    (metrics,) = (table for table in tables() if table.name == "metrics")
    (metric,) = (column for column in metrics.columns if column.name == "metric")
    names = re.findall(r"\b(?:\w+_(?:utilization|per_second)|connections|group_size)\b", metric.comment)
    assert set(names) == set(METRICS)


def test_the_lists_of_macros_and_components_are_those_there_are() -> None:
    text = (built_in_folder() / "rollups" / "macros.sql").read_text() + meters.DAYS_BETWEEN
    assert set(re.findall(r"TEMP MACRO (\w+)", text)) == set(MACROS)
    components = {line["component"] for line in meters.patterns()}
    groups = {"all", "dependents", "attached", "members"}
    assert components | groups | {"commitment", "other"} == set(COMPONENTS)


# --- the second wall: SQL that nobody checked


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("second-wall") / "w.duckdb"
    with writing(path, "test", at=datetime(2026, 11, 1)) as writer:
        writer.con.execute(
            "INSERT INTO volumes (cloud, account_id, region, volume_id, state) VALUES ('aws', '1', 'r', 'v', 'attached')"
        )
    return path


ESCAPES = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM smuggled",
    "SELECT * FROM read_parquet('https://example.com/x.parquet')",
    "SELECT getenv('HOME')",
    "COPY volumes TO '{folder}/stolen.csv'",
    "EXPORT DATABASE '{folder}/stolen'",
    "ATTACH '{folder}/other.duckdb' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CREATE TABLE mine (x INTEGER)",
    "INSERT INTO volumes (cloud) VALUES ('x')",
    "UPDATE volumes SET name = 'x'",
    "DELETE FROM volumes",
    "DROP TABLE volumes",
    "ALTER TABLE volumes ADD COLUMN x INTEGER",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET memory_limit = '100GB'",
    "CREATE OR REPLACE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
)  # fmt: skip


@pytest.mark.parametrize("sql", ESCAPES)
def test_sql_that_nobody_checked_cannot_leave_the_warehouse(sql: str, warehouse: Path) -> None:
    smuggled = [1, 2, 3]  # a Python object that DuckDB would read by its name
    before = sorted(warehouse.parent.iterdir())
    with reading(warehouse) as con, pytest.raises(duckdb.Error):
        con.execute(sql.format(folder=warehouse.parent)).fetchall()
    assert [path for path in sorted(warehouse.parent.iterdir()) if path.suffix != ".tmp"] == before
    assert smuggled


def test_a_forged_rule_fails_as_a_rule_and_reads_no_file(warehouse: Path, rules: dict[str, Rule]) -> None:
    real = rules["unattached-volume"]
    forged = Rule(real.header, "SELECT * FROM read_csv('/etc/passwd')", real.path, frozenset())
    with reading(warehouse) as con:
        rollups.build(con, datetime(2026, 11, 1))
        with pytest.raises(RuleError, match=r"^unattached-volume\.sql: the rule failed: Permission Error"):
            running.run(con, [forged], datetime(2026, 11, 1))
