"use strict";
/** The table of findings: search, sort, pages. Null where there is none. */
const findingsTable = (() => {
  const $ = (id) => document.getElementById(id);
  const table = $("findings");
  if (!table) return null;

  // Lines beyond the markup are made when first shown.
  const heads = [...table.tHead.rows[0].cells];
  const numeric = heads.map((head) => head.dataset.kind === "number");
  const key = (text, column) => (text === "" ? null : numeric[column] ? Number(text) : text);
  const textOf = (body) => [...body.querySelectorAll("[data-f], [data-list]")].map((e) => e.textContent).join(" ");

  const fromMarkup = (body) => ({
    body,
    id: body.dataset.id,
    cents: body.dataset.cents === "" ? null : Number(body.dataset.cents),
    currency: body.dataset.currency,
    keys: [...body.rows[0].cells].map((cell, column) => key(cell.dataset.s, column)),
    text: textOf(body).toLowerCase(),
  });

  const fromData = (row) => ({
    row,
    id: row.id,
    cents: row.cents,
    currency: row.currency,
    keys: row.sort,
    text: Object.values(row).flat(2).join(" ").toLowerCase(),
  });

  const fillItem = (item, content) => {
    if (!Array.isArray(content)) item.textContent = content;
    else if (item.children.length === 2) content.forEach((text, i) => { item.children[i].textContent = text; });
    else if (content[1]) Object.assign(item.firstElementChild, { href: content[1], textContent: content[0] });
    else item.textContent = content[0];
  };

  const fillList = (list, contents) => {
    const pattern = list.firstElementChild;
    list.replaceChildren(...contents.map((content) => {
      const item = pattern.cloneNode(true);
      fillItem(item, content);
      return item;
    }));
  };

  /** The markup of a line that came as data: a copy of the blank one, filled with text and never with HTML. */
  const make = (row) => {
    const body = $("blank").content.firstElementChild.cloneNode(true);
    body.id = "f-" + row.id;
    for (const field of body.querySelectorAll("[data-f]")) {
      field.textContent = row[field.dataset.f];
      field.hidden = row[field.dataset.f] === "";
    }
    for (const list of body.querySelectorAll("[data-list]")) fillList(list, row[list.dataset.list]);
    for (const part of body.querySelectorAll("[data-show]")) part.hidden = row[part.dataset.show].length === 0;
    for (const link of body.querySelectorAll("[data-jump]")) link.setAttribute("href", "#f-" + row[link.dataset.jump]);
    return body;
  };

  let records = [...table.querySelectorAll("tbody.finding")].map(fromMarkup);
  let found = records;
  let page = 0;
  const size = () => Number($("size").value);

  const show = (from, to) => {
    for (const body of table.querySelectorAll("tbody.finding")) body.remove();
    const bodies = found.slice(from, to).map((record) => (record.body ??= make(record.row)));
    table.tHead.after(...bodies);
  };

  const turn = (to) => {
    const pages = Math.max(1, Math.ceil(found.length / size()));
    page = Math.min(Math.max(to, 0), pages - 1);
    show(page * size(), (page + 1) * size());
    $("page").textContent = `Page ${page + 1} of ${pages}`;
    $("before").disabled = page === 0;
    $("after").disabled = page === pages - 1;
  };

  /** Sums in whole cents, written like the page's other amounts. */
  const sums = () => {
    const zeros = JSON.parse(table.dataset.zeros);
    const totals = {};
    for (const { cents, currency } of found) if (cents !== null) totals[currency] = (totals[currency] ?? 0) + cents;
    return Object.entries(totals).map(([currency, cents]) => {
      const amount = (cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
      return (zeros[currency] ?? currency + " 0.00").replace("0.00", () => amount);
    }).join(" and ");
  };

  const tell = () => {
    const count = found.length.toLocaleString("en-US");
    const all = records.length.toLocaleString("en-US");
    $("status").textContent = found.length === 0 ? "Nothing matches." : `${count} of ${all}, together ${sums() || "unknown"} net a month`;
  };

  const search = () => {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    found = records.filter((record) => words.every((word) => record.text.includes(word)));
    turn(0);
    tell();
  };

  const sort = (column) => {
    const now = heads[column].getAttribute("aria-sort");
    const rising = now ? now === "descending" : !numeric[column]; // amounts begin with the largest, names with A
    const sign = rising ? 1 : -1;
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", rising ? "ascending" : "descending");
    const unknown = (value) => value === null || value === "";
    records.sort(({ keys: { [column]: a } }, { keys: { [column]: b } }) => {
      if (unknown(a) || unknown(b)) return unknown(a) - unknown(b);
      return a < b ? -sign : a > b ? sign : 0;
    });
    search();
  };

  /** Opens the finding the address names, on whatever page it is. */
  const reveal = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* a finding's id may hold a bare % */ }
    if (!id.startsWith("f-")) return;
    let at = found.findIndex((record) => "f-" + record.id === id);
    if (at < 0 && records.some((record) => "f-" + record.id === id)) {
      $("search").value = "";
      search();
      at = found.findIndex((record) => "f-" + record.id === id);
    }
    if (at < 0) return;
    turn(Math.floor(at / size()));
    found[at].body.querySelector("details").open = true;
    found[at].body.scrollIntoView();
  };

  const startTable = () => {
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sort(column));
      head.append(button);
    });
    heads[4].setAttribute("aria-sort", "descending");
    $("search").addEventListener("input", search);
    $("before").addEventListener("click", () => turn(page - 1));
    $("after").addEventListener("click", () => turn(page + 1));
    $("size").addEventListener("change", () => turn(0));
    addEventListener("hashchange", reveal);
    document.querySelector(".controls").hidden = false;
    document.querySelector(".pager").hidden = records.length <= 25 && !$("rest");
    search();
    reveal();
  };

  const readRest = async () => {
    if (!$("rest") || !canInflate) return;
    const keys = JSON.parse($("blank").dataset.keys);
    const rows = JSON.parse(await inflate("rest"));
    records = records.concat(rows.map((row) => fromData(Object.fromEntries(keys.map((name, i) => [name, row[i]])))));
    $("beyond").hidden = true;
    const stay = page;
    search();
    turn(stay);
    reveal();
  };

  // ---- Paper shows every line that is in the markup, not one page of them. ----
  addEventListener("beforeprint", () => show(0, 200));
  addEventListener("afterprint", () => turn(page));
  startTable();
  return { readRest };
})();
