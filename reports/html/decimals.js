"use strict";
/** Decimals of 28 digits, rounded half to even after each step as the analyser's own are: { c, e } is c × 10^e. */
const decimals = (() => {
  const TEN = Array.from({ length: 130 }, (_, n) => 10n ** BigInt(n));
  const ten = (n) => TEN[n] ?? 10n ** BigInt(n);
  const DIGITS = 28;
  const ZERO = { c: 0n, e: 0 };
  const ONE = { c: 1n, e: 0 };

  const parse = (text) => {
    const [whole, part = ""] = text.split(".");
    return { c: BigInt(whole + part), e: -part.length };
  };

  /** c / by, halves to even. */
  const halfEven = (c, by) => {
    const size = c < 0n ? -c : c;
    const twice = (size % by) * 2n;
    let whole = size / by;
    if (twice > by || (twice === by && whole & 1n)) whole += 1n;
    return c < 0n ? -whole : whole;
  };

  const rounded = (c, e) => {
    const size = c < 0n ? -c : c;
    if (size < TEN[DIGITS]) return { c, e };
    let drop = 1;
    while (size >= ten(DIGITS + drop)) drop += 1;
    const kept = halfEven(c, ten(drop));
    const whole = kept < 0n ? -kept : kept;
    return whole === TEN[DIGITS] ? { c: kept / 10n, e: e + drop + 1 } : { c: kept, e: e + drop };
  };

  const aligned = (a, b) => {
    const e = Math.min(a.e, b.e);
    return [a.e === e ? a.c : a.c * ten(a.e - e), b.e === e ? b.c : b.c * ten(b.e - e), e];
  };
  const times = (a, b) => (a.c === 0n || b.c === 0n ? ZERO : rounded(a.c * b.c, a.e + b.e));
  const plus = (a, b) => { const [x, y, e] = aligned(a, b); return rounded(x + y, e); };
  const minus = (a, b) => { const [x, y, e] = aligned(a, b); return rounded(x - y, e); };
  const compare = (a, b) => { const [x, y] = aligned(a, b); return x < y ? -1 : x > y ? 1 : 0; };
  const least = (a, b) => (compare(b, a) < 0 ? b : a);
  const most = (a, b) => (compare(b, a) > 0 ? b : a);
  const sum = (amounts) => amounts.reduce(plus, ZERO);

  /** Of positive numbers. */
  const over = (a, b) => {
    const shift = Math.max(0, String(b.c).length - String(a.c).length + DIGITS + 1);
    const from = a.c * ten(shift);
    let c = from / b.c;
    if (from % b.c && c % 5n === 0n) c += 1n; // more follows, which decides a half
    return rounded(c, a.e - b.e - shift);
  };

  const cents = ({ c, e }) => Number(e >= -2 ? c * ten(e + 2) : halfEven(c, ten(-2 - e)));
  const ofCents = (amount) => ({ c: BigInt(amount), e: -2 });

  return { ZERO, ONE, parse, times, plus, minus, over, compare, least, most, sum, cents, ofCents };
})();
