"use strict";
/** What is shown as a file: CSV with BOM and CRLF, in which no text can run as a formula. */
const download = (() => {
  const STARTS = /^[=+\-@\t\r\n\0＝＋－＠]/;
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const money = (cents) => (cents === null ? "" : `${cents < 0 ? "-" : ""}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, "0")}`);

  /** A number as it is, a text so that it stays one; empty where nothing is known. */
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    return quoted(STARTS.test(value) ? `'${value}` : value);
  };

  const HEADER = [
    "id", "what", "reason", "rule", "class", "action", "cloud", "account", "team", "place", "resource_id",
    "resource_name", "monthly_cost", "monthly_savings", "net_monthly_savings", "currency", "confidence", "risk",
    "effort", "status", "co2e_net_saved_kg", "first_seen",
  ];

  const LEVELS = ["", "low", "medium", "high"];

  /** English whatever the page's language is: programs read it. */
  const line = (record) => {
    const { row, facets } = record;
    const [cloud, account, team, rule, kind, action, confidence, risk, status] = facets;
    const [what, seen] = row.csv.length ? row.csv : [row.do, row.seen];
    const effort = LEVELS[record.keys[6] % 10]; // the column of risk and effort is sorted by ten times risk and effort
    const texts = [row.id, what, row.reason, rule, kind, action, cloud, account, team, row.place];
    const names = row.rid ? [row.rid, row.name] : [row.name, ""];
    const amounts = [record.keys[3], record.gross, record.net].map(money);
    const rest = [record.currency, confidence, risk, effort, status];
    return [...[...texts, ...names].map(cell), ...amounts, ...rest.map(cell), cell(record.keys[7]), cell(seen)];
  };

  const text = (records) => "\ufeff" + [HEADER, ...records.map(line)].map((cells) => cells.join(",") + "\r\n").join("");

  const save = (records, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text(records)], { type: "text/csv;charset=utf-8" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return { save };
})();
