"use strict";
/** The charts, and what comes after the first paint. */
(() => {
  const $ = (id) => document.getElementById(id);
  document.documentElement.classList.add("js");

  // ---- Charts: plotly is unpacked and run after everything else is on the screen. ----
  const charts = [...document.querySelectorAll("[data-chart]")];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawings = $("figures") ? JSON.parse($("figures").textContent) : { figures: {} };

  /** Keeps the room of the charts free from the start, so that nothing jumps when they come. */
  const makeRoom = (room) => {
    for (const chart of charts) {
      chart.hidden = !room;
      chart.style.height = drawings.figures[chart.dataset.chart].layout.height + "px";
      chart.parentElement.querySelector("details").open = !room;
    }
  };

  /** The letters of plotly's text, which is HTML: &lt; is one of them, and so is nothing of a tag. */
  const letters = (text) => text.replace(/<[^>]*>/g, "").match(/&\w+;|./gsu) || [];
  /** About how wide a letter is: Chinese ones are twice as wide as Latin ones, of some seven pixels. */
  const wide = (letter) => (letter.codePointAt(0) > 0x2e7f ? 14 : 7.4);
  const width = (text) => letters(text).reduce((sum, letter) => sum + wide(letter), 0);

  /** The text, cut to so many pixels but never to less than six letters. */
  const cut = (text, room) => {
    let used = wide("…");
    const kept = letters(text).filter((letter, i) => (used += wide(letter)) <= room || i < 6);
    return kept.join("") + "…";
  };

  /** On a narrow chart a label gives way to the amount beside it, whose letters are bold. */
  const fitted = (annotations, whole) => annotations.map((text, i) => {
    const amount = annotations[i + 1];
    if (text.xanchor !== "left" || !amount) return text;
    const room = whole - 16 - 1.15 * width(amount.text);
    return width(text.text) > room ? { ...text, text: cut(text.text, room) } : text;
  });

  /** A figure in dark colours: each light one, wherever a key is about colour, gives way to its counterpart. */
  const darkened = (part, coloured) => {
    if (typeof part === "string") return (coloured && drawings.dark[part]) || part;
    if (Array.isArray(part)) return part.map((item) => darkened(item, coloured));
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([name, item]) => [name, darkened(item, /color/i.test(name))]));
  };

  /** Paper is as wide as it is, whatever the window: a wide chart takes all of it, others half. */
  const onPaper = (chart) => (chart.closest(".wide") ? 980 : 470);

  /** All that plotly says of its own: what one click on a legend tells. */
  const dictionary = {
    "Double-click on legend to isolate one trace": t("Double-click on legend to isolate one trace"),
  };
  const config = {
    displayModeBar: false, responsive: true, typesetMath: false, locale: "page", locales: { page: { dictionary } },
  };

  const draw = (theme, paper) => {
    const themed = (figure) => (theme === "dark" ? darkened(figure, false) : structuredClone(figure));
    const template = themed({ layout: drawings.template.layout });
    return Promise.all(charts.map((chart) => {
      const { data, layout } = themed(drawings.figures[chart.dataset.chart]);
      const fixed = paper ? onPaper(chart) : 0;
      const room = fixed || chart.clientWidth;
      layout.annotations = fitted(layout.annotations || [], room);
      if (layout.xaxis.nticks) layout.xaxis.nticks = Math.max(3, Math.min(8, Math.floor(room / 85)));
      layout.height = Math.round(layout.height * (paper ? 0.8 : 1)); // a chart and its table fit on a page
      chart.style.height = layout.height + "px";
      if (paper) layout.font = { size: 11 };
      return window.Plotly.react(chart, data, { ...layout, template, ...(fixed ? { width: fixed } : {}) }, config);
    }));
  };

  const startCharts = async () => {
    try {
      const script = document.createElement("script");
      script.textContent = await inflate("plotly");
      document.head.append(script);
      await draw(dark.matches ? "dark" : "light");
    } catch (error) {
      makeRoom(false); // the tables say the same
      console.warn("The charts could not be drawn:", error);
      return;
    }
    let paper = false;
    let waiting;
    const again = () => draw(paper || !dark.matches ? "light" : "dark", paper);
    const printing = (now) => { paper = now; return again(); };
    // What is folded away has no width until somebody opens it.
    for (const part of document.querySelectorAll(".folded")) part.addEventListener("toggle", again);
    dark.addEventListener("change", again);
    addEventListener("beforeprint", () => printing(true));
    addEventListener("afterprint", () => printing(false));
    addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(again, 200); }); // labels fit anew
    document.documentElement.classList.add("drawn");
  };

  // A decision leads to its findings: the address filters the table, and names no place to scroll to.
  for (const link of document.querySelectorAll(".decisions a[href^='#f?']")) {
    link.addEventListener("click", () => $("todo").scrollIntoView());
  }
  if (charts.length && canInflate) makeRoom(true);
  addEventListener("load", () => setTimeout(async () => {
    if (findingsTable) await findingsTable.readRest();
    if (charts.length && canInflate) await startCharts();
  }, 0));
})();
