"use strict";
/** The page's language: its words by their English, and how it writes numbers. */
const [t, tn, digits] = (() => {
  const { words, separators } = JSON.parse(document.getElementById("words").textContent);
  const [group, decimal] = separators;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  /** A number in the page's spelling, with so many decimals. */
  const digits = (number, places = 0) => number
    .toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places })
    .replace(/[,.]/g, (mark) => (mark === "," ? group : decimal));
  const t = (message, values = {}) => fill(words[message]?.[0] || message, values);
  /** The form for so many; {n} stands for the number. */
  const tn = (one, many, n, values = {}) => {
    const forms = words[one]?.every(Boolean) ? words[one] : [one, many];
    return fill(forms[n === 1 ? 0 : forms.length - 1], { n: digits(n), ...values });
  };
  return [t, tn, digits];
})();
