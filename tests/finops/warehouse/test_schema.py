"""schema.sql: every table and column carries its meaning."""

import duckdb

from finops.schema_comments import comment_statements, schema_sql, tables

# Tables and columns that design and users rely on.
PROMISED = {
    "instances": {"cloud", "account_id", "region", "instance_id", "zone", "name", "state", "state_since",
                  "instance_type", "platform", "purchase_model", "scaling_group", "launched_at", "stopped_mode"},
    "instance_types": {"vcpu", "memory_gib", "architecture", "family", "generation", "burstable", "gpu_count", "cpu_model"},
    "metrics": {"cloud", "account_id", "region", "resource_id", "metric", "bucket_start", "bucket_seconds", "avg", "p95", "max", "samples"},
    "prices": {"cloud", "region", "sku", "purchase_model", "unit", "price", "currency", "as_of", "source"},
}  # fmt: skip
TABLES = {
    "instances", "instance_types", "volumes", "snapshots", "public_ips", "load_balancers", "nat_gateways",
    "databases", "buckets", "scaling_groups", "commitments", "metrics", "prices", "traffic", "charges", "tags",
    "emission_factors", "runs", "coverage", "data_tests", "findings", "finding_history", "exemptions",
}  # fmt: skip
FOCUS_1_2 = 57


def test_every_table_and_column_has_a_comment_in_the_database() -> None:
    con = duckdb.connect()
    con.execute(schema_sql())
    for statement in comment_statements():
        con.execute(statement)
    bare = con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL "
        "UNION ALL SELECT table_name, NULL FROM duckdb_tables() WHERE NOT internal AND comment IS NULL"
    ).fetchall()
    assert bare == []


def test_the_tables_of_the_design_are_there() -> None:
    assert {table.name for table in tables()} >= TABLES


def test_the_columns_of_the_design_are_there() -> None:
    columns = {table.name: {column.name for column in table.columns} for table in tables()}
    for table, promised in PROMISED.items():
        assert columns[table] >= promised


def test_charges_hold_every_focus_1_2_column() -> None:
    charges = next(table for table in tables() if table.name == "charges")
    later = {"ServiceProviderName", "HostProviderName", "InvoiceDetailId"}
    focus = [
        column for column in charges.columns if not column.name.startswith("x_") and column.name not in later
    ]
    assert len(focus) == FOCUS_1_2


def test_money_is_decimal_and_ids_are_text() -> None:
    for table in tables():
        for column in table.columns:
            if column.name.endswith(("_cost", "Cost", "_savings")) or column.name == "price":
                assert column.type.startswith("DECIMAL"), f"{table.name}.{column.name}"
            if column.name.endswith(("_id", "Id")):
                assert column.type == "VARCHAR", f"{table.name}.{column.name}"
