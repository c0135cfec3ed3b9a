"use strict";
/** The table of findings: filter, sort, pages, and totals of what is shown. Null where there is none. */
const findingsTable = (() => {
  const $ = (id) => document.getElementById(id);
  const table = $("findings");
  if (!table) return null;

  // ---- Lines. Those beyond the markup come as data and are made when first shown. ----
  const heads = [...table.tHead.rows[0].cells];
  const numeric = heads.map((head) => head.dataset.kind === "number");
  const NET = filters.columns.indexOf("net");
  const key = (text, column) => (text === "" ? null : numeric[column] ? Number(text) : text);
  const cents = (text) => (text === "" ? null : Number(text));
  const textOf = (body) => [...body.querySelectorAll("[data-f], [data-list]")].map((e) => e.textContent).join(" ");
  const fieldsOf = (body) => {
    const row = { id: body.dataset.id };
    for (const field of body.querySelectorAll("[data-f]")) row[field.dataset.f] = field.textContent;
    row.csv = JSON.parse(body.dataset.csv ?? "[]");
    row.counted_id = body.querySelector("[data-jump=counted_id]").getAttribute("href").slice("#f-".length);
    return row;
  };

  class Line {
    constructor(index, { row, body = null, words = null, facets, gross, cents: net, currency, keys }) {
      Object.assign(this, { index, row, body, words, facets, gross, cents: net, net, currency, keys, beatenBy: null });
    }

    /** What is searched: all its words, without those that only a download has. */
    get text() { return (this.words ??= Object.values({ ...this.row, csv: "" }).flat(2).join(" ").toLowerCase()); }
  }

  const fromMarkup = (body, index) => new Line(index, {
    body,
    row: fieldsOf(body),
    words: textOf(body).toLowerCase(),
    facets: JSON.parse(body.dataset.facets),
    gross: cents(body.dataset.gross),
    cents: cents(body.dataset.cents),
    currency: body.dataset.currency,
    keys: [...body.rows[0].cells].map((cell, column) => key(cell.dataset.s, column)),
  });

  const fromData = (row, index) => new Line(index, { ...row, row, keys: row.sort });

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

  const set = (body, name, text) => {
    for (const field of body.querySelectorAll(`[data-f=${name}]`)) {
      field.textContent = text;
      field.hidden = text === "";
    }
  };

  /** The markup of a line that came as data: a copy of the blank one, filled with text and never with HTML. */
  const make = (row) => {
    const body = $("blank").content.firstElementChild.cloneNode(true);
    body.id = "f-" + row.id;
    body.dataset.id = row.id;
    for (const field of body.querySelectorAll("[data-f]")) set(body, field.dataset.f, row[field.dataset.f]);
    for (const list of body.querySelectorAll("[data-list]")) fillList(list, row[list.dataset.list]);
    for (const part of body.querySelectorAll("[data-show]")) part.hidden = row[part.dataset.show].length === 0;
    for (const link of body.querySelectorAll("[data-jump]")) link.setAttribute("href", "#f-" + row[link.dataset.jump]);
    return body;
  };

  let lines = [...table.querySelectorAll("tbody.finding")].map(fromMarkup);
  let found = lines;
  let state = filters.usual();
  let anew = null;
  let ready = !$("rest") && !$("netting");

  // ---- Money. ----
  const zeros = JSON.parse(table.dataset.zeros);
  const zero = digits(0, 2);
  const money = (amount, currency) => {
    const text = digits(Math.abs(amount) / 100, 2);
    return (amount < 0 ? "−" : "") + (zeros[currency] ?? `${currency} ${zero}`).replace(zero, () => text);
  };

  /** By currency, what of these is known. */
  const sums = (some, amountOf) => {
    const totals = new Map();
    for (const line of some) {
      const amount = amountOf(line);
      if (amount !== null) totals.set(line.currency, (totals.get(line.currency) ?? 0) + amount);
    }
    return totals;
  };
  const written = (totals) => [...totals].map(([currency, amount]) => money(amount, currency))
    .reduce((first, last) => (first ? t("{first} and {last}", { first, last }) : last), "");

  /** Chooses anew among what is found; without its data, and for all of them, everything counts as the report tells. */
  const net = () => {
    const all = found.length === lines.length;
    const shown = new Set(all ? [] : found.map((line) => line.index));
    const told = anew && !all ? anew.among((index) => shown.has(index)) : null;
    for (const line of lines) {
      line.net = told && shown.has(line.index) ? told.nets[line.index] : line.cents;
      line.beatenBy = told?.beatenBy[line.index] ?? null;
      line.again = Boolean(told);
    }
  };

  // ---- What the reader sees. ----

  /** What a line saves among those shown, beside what it saves in the whole report. */
  const tellNet = (line) => {
    const { row, body, currency } = line;
    const same = line.net === line.cents;
    set(body, "net", same ? row.net : money(line.net, currency));
    set(body, "range", same ? row.range : "");
    const told = { net: row.net, gross: money(line.gross ?? 0, currency) };
    const other = line.net === line.gross
      ? t("{net} in the whole report", told)
      : t("of {gross} gross; {net} in the whole report", told);
    set(body, "net_note", same ? row.net_note : other);
    const winner = line.beatenBy === null ? null : lines[line.beatenBy];
    const named = winner && t("{action}: {name}", { action: winner.row.do, name: winner.row.name });
    const counted = line.again ? named ?? "" : row.counted;
    const link = body.querySelector("[data-jump=counted_id]");
    link.setAttribute("href", "#f-" + (line.again ? winner?.row.id ?? "" : row.counted_id));
    set(body, "counted", counted);
    body.querySelector(".counted").hidden = counted === "";
  };

  const show = (from, to) => {
    for (const body of table.querySelectorAll("tbody.finding")) body.remove();
    const some = found.slice(from, to);
    for (const line of some) {
      line.body ??= make(line.row);
      if (line.again || line.told) tellNet(line);
      line.told = line.again;
    }
    table.tHead.after(...some.map((line) => line.body));
  };

  const turn = (to) => {
    const pages = Math.max(1, Math.ceil(found.length / state.size));
    if (!ready) { // what was asked for may lie in what is not there yet
      show(0, state.size);
      return;
    }
    state.page = Math.min(Math.max(to, 1), pages);
    show((state.page - 1) * state.size, state.page * state.size);
    $("page").textContent = t("Page {page} of {pages}", { page: state.page, pages });
    $("before").disabled = state.page === 1;
    $("after").disabled = state.page === pages;
    filters.tell(state);
  };

  /** The sentence that stands above the table: how many are shown, and what they save. */
  const status = () => {
    if (!found.length) return t("Nothing matches.");
    const sum = written(sums(found, (line) => line.net));
    const told = { shown: digits(found.length), all: digits(lines.length), sum };
    if (!sum) return t("{shown} of {all}, together unknown net a month", told);
    if (found.length === lines.length) return t("{shown} of {all}, together {sum} net a month", told);
    if ("asTold" in table.dataset) {
      return t("{shown} of {all}, together {sum} net a month, as counted in the whole report", told);
    }
    const whole = written(sums(found, (line) => line.cents));
    const head = whole === sum
      ? t("{shown} of {all}, together {sum} net a month", told)
      : t(
        "{shown} of {all}, together {sum} net a month, netted anew; in the whole report, beside all others, {whole}",
        { ...told, whole },
      );
    if (!found.some((line) => line.facets[filters.keys.indexOf("action")] === "buy")) return head;
    return t("{status}. What to buy keeps its size: it was reckoned after all steps of the whole report.", { status: head });
  };

  /** The foot: what the server wrote of all findings, or the sums of what is shown. */
  const feet = [...table.tFoot.rows].map((row) => {
    const parts = [...row.querySelectorAll("[data-total]")];
    return { row, parts, texts: parts.map((part) => part.textContent) };
  });
  const foot = () => {
    const all = found.length === lines.length;
    const nets = sums(found, (line) => line.net);
    const grosses = sums(found, (line) => line.gross);
    for (const { row, parts, texts } of feet) {
      const { currency } = row.dataset;
      row.hidden = !all && !nets.has(currency);
      const [now, gross] = [nets.get(currency) ?? 0, grosses.get(currency) ?? 0];
      const overlap = t("{gross} gross, {overlap} overlap removed", {
        gross: money(gross, currency), overlap: money(gross - now, currency),
      });
      const shown = [t("what is shown"), overlap, money(now, currency), ""];
      parts.forEach((part, i) => { part.textContent = all ? texts[i] : shown[i]; });
    }
  };

  /** English by the letters' codes; in other languages an ä comes after an a, a 长 where its sound has it. */
  const { lang } = document.documentElement;
  const inOrder = lang === "en" ? (a, b) => (a < b ? -1 : a > b ? 1 : 0) : new Intl.Collator(lang).compare;

  const ordered = () => {
    const column = filters.columns.indexOf(state.sort.replace(/^-/, ""));
    const sign = state.sort.startsWith("-") ? -1 : 1;
    const value = (line) => (column === NET ? line.net : line.keys[column]);
    const unknown = (it) => it === null || it === "";
    const differ = (a, b) => (typeof a === "string" ? inOrder(a, b) : a - b);
    found.sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      if (unknown(a) || unknown(b)) return unknown(a) - unknown(b) || one.index - other.index;
      return sign * differ(a, b) || one.index - other.index;
    });
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
  };

  const refresh = (to = 1) => {
    const wanted = ready ? state : { ...state, chosen: new Map(), least: null, words: "" };
    found = lines.filter(filters.test(wanted));
    net();
    ordered();
    filters.note(state);
    if (ready) {
      foot();
      $("status").textContent = status();
    }
    turn(to);
  };

  const sortBy = (column) => {
    const name = filters.columns[column];
    const other = { [name]: `-${name}`, [`-${name}`]: name };
    state.sort = other[state.sort] ?? (numeric[column] ? `-${name}` : name); // amounts from the largest, names from A
    refresh();
  };

  // ---- The address. ----

  /** For some readers the table is folded away. */
  const unfold = () => $("todo").closest("details")?.setAttribute("open", "");

  /** Opens the finding the address names, on whatever page it is. */
  const reveal = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* a finding's id may hold a bare % */ }
    if (!id.startsWith("f-")) return;
    const at = () => found.findIndex((line) => "f-" + line.row.id === id);
    if (at() < 0 && lines.some((line) => "f-" + line.row.id === id)) {
      state = { ...filters.usual(), sort: state.sort, size: state.size };
      filters.show(state);
      refresh();
    }
    if (at() < 0) return;
    const line = found[at()];
    turn(Math.floor(at() / state.size) + 1);
    history.replaceState(null, "", "#f-" + encodeURIComponent(line.row.id));
    unfold();
    line.body.querySelector("details").open = true;
    line.body.scrollIntoView();
  };

  const follow = () => {
    const asked = filters.fromAddress(location.hash);
    if (!asked) { reveal(); return; }
    state = asked;
    filters.show(state);
    refresh(state.page);
    unfold();
    $("todo").scrollIntoView();
  };

  // ---- What the reader does. ----
  const copy = async (button) => {
    const link = location.href.split("#")[0] + button.parentElement.querySelector("[data-jump=id]").getAttribute("href");
    try {
      await navigator.clipboard.writeText(link);
      button.textContent = t("Copied");
    } catch {
      location.hash = new URL(link).hash;
      button.textContent = t("It is in the address bar now");
    }
  };

  const start = () => {
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sortBy(column));
      head.append(button);
    });
    filters.listen((change) => { change(state); refresh(); return state; });
    $("before").addEventListener("click", () => turn(state.page - 1));
    $("after").addEventListener("click", () => turn(state.page + 1));
    $("size").addEventListener("change", () => { state.size = Number($("size").value); turn(1); });
    $("download").addEventListener("click", () => download.save(found, `findings-${table.dataset.day}.csv`));
    table.addEventListener("click", (event) => { if ("copy" in event.target.dataset) copy(event.target); });
    addEventListener("hashchange", follow);
    document.querySelector(".controls").hidden = false;
    document.querySelector(".pager").hidden = lines.length <= state.size && !$("rest");
    const asked = filters.fromAddress(location.hash);
    if (asked) state = asked;
    filters.show(state);
    refresh(state.page);
    if (ready) follow();
  };

  /** Prepares what netting anew needs a little at a time, so that a filter finds it done. */
  const warm = () => {
    const until = performance.now() + 8;
    while (performance.now() < until) if (!anew.warm()) return;
    setTimeout(warm, 24);
  };

  const unpack = async () => {
    const keys = JSON.parse($("blank").dataset.keys);
    const rows = $("rest") ? JSON.parse(await inflate("rest")) : [];
    const named = rows.map((row) => Object.fromEntries(keys.map((name, i) => [name, row[i]])));
    lines = lines.concat(named.map((row, i) => fromData(row, lines.length + i)));
    if ($("beyond")) $("beyond").hidden = true;
    if (!$("netting")) return;
    anew = renetting.prepare(JSON.parse(await inflate("netting")), lines.map((line) => line.cents));
    setTimeout(warm, 0);
  };

  /** Brings in what travels compressed: the other lines, and what it takes to net anew. */
  const readRest = async () => {
    if (ready) return;
    if (canInflate) await unpack();
    if (!anew && $("netting")) table.dataset.asTold = "";
    ready = true;
    refresh(state.page);
    follow();
  };

  // ---- Paper shows every line that is in the markup, not one page of them. ----
  addEventListener("beforeprint", () => show(0, 50));
  addEventListener("afterprint", () => turn(state.page));
  start();
  return { readRest };
})();
