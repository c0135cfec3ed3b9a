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

  /** On a narrow chart a label gives way to the amount beside it: letters are some seven pixels wide, bold ones eight. */
  const fitted = (annotations, width) => annotations.map((text, i) => {
    const amount = annotations[i + 1];
    if (text.xanchor !== "left" || !amount) return text;
    const room = Math.floor((width - 16 - 8.4 * amount.text.replace(/<[^>]*>/g, "").length) / 7.4);
    return text.text.length > room ? { ...text, text: text.text.slice(0, Math.max(room - 1, 6)) + "…" } : text;
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

  const draw = (theme, paper) => {
    const themed = (figure) => (theme === "dark" ? darkened(figure, false) : structuredClone(figure));
    const template = themed({ layout: drawings.template.layout });
    return Promise.all(charts.map((chart) => {
      const { data, layout } = themed(drawings.figures[chart.dataset.chart]);
      const width = paper ? onPaper(chart) : 0;
      const room = width || chart.clientWidth;
      layout.annotations = fitted(layout.annotations || [], room);
      if (layout.xaxis.nticks) layout.xaxis.nticks = Math.max(3, Math.min(8, Math.floor(room / 85)));
      const config = { displayModeBar: false, responsive: true, typesetMath: false };
      return window.Plotly.react(chart, data, { ...layout, template, ...(width ? { width } : {}) }, config);
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
    dark.addEventListener("change", () => draw(dark.matches ? "dark" : "light"));
    addEventListener("beforeprint", () => draw("light", true));
    addEventListener("afterprint", () => draw(dark.matches ? "dark" : "light"));
    document.documentElement.classList.add("drawn");
  };

  if (charts.length && canInflate) makeRoom(true);
  addEventListener("load", () => setTimeout(async () => {
    if (findingsTable) await findingsTable.readRest();
    if (charts.length && canInflate) await startCharts();
  }, 0));
})();
