"""Reference data that ships with the tool and is copied into each warehouse, so that SQL can see it."""

import duckdb


def refresh(con: duckdb.DuckDBPyConnection) -> None:
    """Brings emission_factors to the rows this version ships; does nothing when they are there."""
    from finops import carbon

    rows = carbon.factor_rows()
    have = con.execute("SELECT count(*), sum(value) FROM emission_factors").fetchone()
    want = (len(rows), sum(row["value"] for row in rows))
    if have and have[0] == want[0] and abs((have[1] or 0) - want[1]) < 1e-6:
        return
    columns = [
        "cloud", "region", "kind", "value", "unit", "low", "high", "source", "year", "basis", "licence",
        "recommended",
    ]  # fmt: skip
    con.begin()
    con.execute("DELETE FROM emission_factors")
    con.executemany(
        f"INSERT INTO emission_factors ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608
        [[row[column] for column in columns] for row in rows],
    )
    con.commit()
