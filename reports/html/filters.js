"use strict";
/** What the table is limited to, in its controls and in the address: #f?team=ml&risk=high&sort=-net&page=2. */
const filters = (() => {
  const $ = (id) => document.getElementById(id);
  if (!$("filter")) return null;
  const keys = JSON.parse($("findings").dataset.facets);
  const columns = JSON.parse($("findings").dataset.columns);
  const sizes = [...$("size").options].map((option) => Number(option.value));
  const controls = new Map([...document.querySelectorAll("[data-facet]")].map((it) => [it.dataset.facet, it]));
  const usual = () => ({ chosen: new Map(), least: null, words: "", sort: "-net", page: 1, size: sizes[0] });

  // ---- The address. ----
  const MARK = "#f?";
  const whole = (text, from) => (/^\d{1,9}$/.test(text) && Number(text) >= from ? Number(text) : null);

  /** The state an address tells, null where it tells none. What nobody could have chosen is left out. */
  const fromAddress = (hash) => {
    if (!hash.startsWith(MARK)) return null;
    const asked = new URLSearchParams(hash.slice(MARK.length));
    const state = usual();
    for (const key of keys) if (asked.has(key)) state.chosen.set(key, asked.getAll(key));
    if (/^\d{1,12}(\.\d{1,2})?$/.test(asked.get("min") ?? "")) state.least = asked.get("min");
    state.words = asked.get("q") ?? "";
    const sort = asked.get("sort") ?? "";
    if (columns.includes(sort.replace(/^-/, ""))) state.sort = sort;
    state.page = whole(asked.get("page") ?? "", 1) ?? 1;
    if (sizes.includes(Number(asked.get("size")))) state.size = Number(asked.get("size"));
    return state;
  };

  const toAddress = (state) => {
    const told = new URLSearchParams();
    for (const [key, values] of state.chosen) for (const value of values) told.append(key, value);
    const rest = { min: state.least, q: state.words, sort: state.sort, page: state.page, size: state.size };
    const plain = { min: null, q: "", sort: "-net", page: 1, size: sizes[0] };
    for (const [key, value] of Object.entries(rest)) if (value !== plain[key]) told.set(key, value);
    return String(told) && MARK + told;
  };

  /** Tells the address, without a step in the history; leaves alone what names a finding or a section. */
  const tell = (state) => {
    const hash = toAddress(state);
    if (hash) history.replaceState(null, "", hash);
    else if (location.hash.startsWith(MARK)) history.replaceState(null, "", location.pathname + location.search);
  };

  // ---- The controls. ----
  const boxes = (control) => [...control.querySelectorAll("input")];

  const chosenIn = (control) => {
    if (control.tagName === "SELECT") return control.value ? [control.value] : [];
    return boxes(control).filter((box) => box.checked).map((box) => box.value);
  };

  const show = (state) => {
    for (const [key, control] of controls) {
      const values = state.chosen.get(key) ?? [];
      if (control.tagName === "SELECT") {
        control.value = values[0] ?? "";
        if (control.selectedIndex < 0) control.selectedIndex = 0;
      } else for (const box of boxes(control)) box.checked = values.includes(box.value);
    }
    $("least").value = state.least ?? "";
    $("search").value = state.words;
    $("size").value = String(state.size);
    note(state);
  };

  const note = (state) => {
    const count = state.chosen.size + (state.least !== null);
    $("in-force").textContent = count ? tn("({n} in force)", "({n} in force)", count) : "";
    $("clear").hidden = !limits(state);
  };

  const limits = (state) => state.chosen.size > 0 || state.least !== null || state.words.trim() !== "";

  /** Calls back with what the reader changed and gets the state; what has no control of its own stays. */
  const listen = (changed) => {
    for (const [key, control] of controls) {
      control.addEventListener("change", () => changed((state) => {
        const values = chosenIn(control);
        if (values.length) state.chosen.set(key, values);
        else state.chosen.delete(key);
      }));
    }
    $("least").addEventListener("input", () => changed((state) => {
      const least = Number($("least").value);
      state.least = least > 0 ? least.toFixed(2).replace(/\.?0+$/, "") : null;
    }));
    $("search").addEventListener("input", () => changed((state) => { state.words = $("search").value; }));
    $("clear").addEventListener("click", () => {
      show(changed((state) => Object.assign(state, usual(), { sort: state.sort, size: state.size })));
      $("search").focus();
    });
  };

  /** A test of records for a state. */
  const test = (state) => {
    const asked = [...state.chosen].map(([key, values]) => [keys.indexOf(key), new Set(values)]);
    const least = state.least === null ? null : Math.round(Number(state.least) * 100);
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    return (record) => asked.every(([at, values]) => values.has(record.facets[at]))
      && (least === null || (record.gross !== null && record.gross >= least))
      && (!words.length || words.every((word) => record.text.includes(word)));
  };

  return { usual, fromAddress, tell, show, note, limits, listen, test, columns, keys };
})();
