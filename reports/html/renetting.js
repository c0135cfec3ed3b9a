"use strict";
/** Findings netted anew among those that are shown: the cents of finops audit limited to them. */
const renetting = (() => {
  const { ZERO, ONE, times, plus, minus, over, compare, least, sum, cents, ofCents } = decimals;
  const { Effect, linked, told, among } = choosing;

  // ---- Held commitments: what counted findings together leave is absorbed by other usage only once. ----
  const shareOut = (choices) => {
    const last = new Map();
    const gone = new Map();
    const covered = choices.filter(({ counted, one }) => counted && one.covered.size);
    for (const choice of covered.sort((a, b) => a.follows - b.follows || a.one.id - b.one.id)) {
      for (const [cell, paid] of choice.one.covered) {
        last.set(cell, choice);
        if (!gone.has(cell) || compare(paid.gone, gone.get(cell).gone) > 0) gone.set(cell, paid);
      }
    }
    if (gone.size < 2) return choices;
    const less = new Map();
    const asked = new Map();
    const cells = [...gone.keys()].sort((a, b) => a - b);
    for (const cell of cells) {
      for (const { commitment, cost, most: cap } of gone.get(cell).absorbed) {
        asked.set(commitment, { amount: plus(asked.get(commitment)?.amount ?? ZERO, cost), cap });
      }
    }
    const part = (commitment) => {
      const { amount, cap } = asked.get(commitment);
      if (amount.c <= 0n) return ZERO;
      return cap.c === 0n ? ZERO : least(ONE, over(cap, amount));
    };
    for (const cell of cells) {
      const { absorbed } = gone.get(cell);
      const alone = sum(absorbed.map(({ cost }) => cost));
      const now = sum(absorbed.map(({ commitment, cost }) => times(cost, part(commitment))));
      const choice = less.get(last.get(cell).one.id) ?? last.get(cell);
      const at = choice.one.cells.indexOf(cell);
      const short = least(minus(alone, now), choice.taken[at] ?? ZERO);
      if (short.c <= 0n) continue;
      const taken = choice.taken.map((amount, i) => (i === at ? minus(amount, short) : amount));
      less.set(choice.one.id, { ...choice, taken, saved: sum(taken), line: null });
    }
    return choices.map((choice) => less.get(choice.one.id) ?? choice);
  };

  // ---- The last step: cents, and limits that no promise may pass. ----
  const net = (line) => line.net;

  const listed = ({ one, choice, net: whole }) => {
    if (!choice.counted) return 0;
    const exact = sum(choice.taken.filter((_, at) => one.listed[at]));
    return Math.max(0, Math.min(whole, cents(exact)));
  };

  const inCents = (choice) => ({ ...(choice.line ??= roundedLine(choice)) });

  const roundedLine = (choice) => {
    const { one, saved, counted } = choice;
    const savings = Math.max(0, Math.min(cents(one.exact.saving), one.costs));
    const amount = compare(saved, one.exact.saving) === 0 ? savings : cents(saved);
    const kept = counted ? Math.max(0, Math.min(amount, savings)) : 0;
    return { one, choice, savings, net: kept, sure: choice.proven ? one.sure : Math.min(one.sure, 1) };
  };

  /** Single cents from what was rounded up the most, when that is all there is to take. */
  const takeBackRoundings = (lines, excess) => {
    const up = lines
      .filter((line) => line.net > 0 && compare(ofCents(line.net), line.choice.saved) > 0)
      .map((line) => ({ line, by: minus(line.choice.saved, ofCents(line.net)) }))
      .sort((a, b) => compare(a.by, b.by) || a.line.one.id - b.line.one.id);
    if (excess > up.length) return excess;
    for (const { line } of up) {
      if (excess <= 0) break;
      const whole = line.net === line.savings;
      line.net -= 1;
      if (whole) line.savings = line.net;
      excess -= 1;
    }
    return excess;
  };

  const givesWay = (a, b) => Number(!a.one.list) - Number(!b.one.list) || a.sure - b.sure || a.net - b.net
    || a.one.id - b.one.id;

  /** Takes what is above the limit from that part of the lines: list prices first, then the unsure, then the small. */
  const bringDown = (lines, limit, part) => {
    let excess = lines.reduce((total, line) => total + part(line), 0) - limit;
    if (excess <= 0) return;
    excess = takeBackRoundings(lines, excess);
    for (const line of [...lines].sort(givesWay)) {
      const cut = Math.min(excess, part(line));
      if (cut <= 0) continue;
      line.net -= cut;
      line.sure = 0;
      excess -= cut;
    }
  };

  const portions = (line, amount) => {
    const parts = line.one.buyers.map(([place, share]) => [place, cents(times(ofCents(amount), share))]);
    if (parts.length) parts[0][1] += amount - parts.reduce((total, [, part]) => total + part, 0);
    return parts;
  };

  /** Brings purchases down to what the accounts they are for still cost. */
  const fitPurchases = (lines, spent, places) => {
    for (const line of lines) {
      let fits = line.net;
      for (const [place, part] of portions(line, line.net)) {
        const room = Math.max(0, places[place][0] - spent[place]);
        if (part > room) fits = Math.min(fits, Number((BigInt(fits) * BigInt(room)) / BigInt(part)));
      }
      line.net = fits;
      for (const [place, part] of portions(line, fits)) spent[place] += part;
    }
  };

  const grouped = (lines, key) => {
    const groups = new Map();
    for (const line of lines) {
      const name = key(line);
      if (groups.has(name)) groups.get(name).push(line);
      else groups.set(name, [line]);
    }
    return groups;
  };

  /**
   * Made once from the page's data. `nets` are the cents of the whole report by index, null where not known.
   *
   * warm() prepares a little and tells whether there is more to prepare; nobody has to wait for it.
   * among(shown) takes a test of an index and gives { nets, beatenBy }: arrays by index, of those shown.
   */
  const prepare = (data, nets) => {
    const effects = data.met.map((one) => new Effect(one));
    const byId = new Map(effects.map((one) => [one.id, one]));
    const bought = effects.filter((one) => one.buyers);
    const groups = linked(effects.filter((one) => !one.buyers));
    const floors = new Map(data.floors);
    const known = groups.map(() => new Map());
    const met = new Set(effects.map((one) => one.index));
    const alone = nets.map((amount, index) => index).filter((index) => !met.has(index) && nets[index] !== null);

    /** Made anew only for a set of members that was never shown before. */
    const choicesOf = (group, at, shown) => {
      const members = group.filter((one) => shown(one.index));
      if (!members.length) return [];
      const key = members.length === group.length ? "" : members.map((one) => one.id).join();
      if (!known[at].has(key)) {
        const here = members.map((one) => among(one, (id) => shown(byId.get(id).index)));
        known[at].set(key, linked(here).flatMap((part) => [...told(part).values()]));
      }
      return known[at].get(key);
    };

    const purchaseChoices = (shown) => {
      const pools = grouped(bought.filter((one) => shown(one.index)), (one) => one.resource);
      return [...pools.values()].flatMap((some) => {
        const [first, ...others] = some.sort((a, b) => compare(b.exact.saving, a.exact.saving) || a.id - b.id);
        const none = { counted: false, taken: [], saved: ZERO, proven: true, beatenBy: first.id };
        const taken = first.cells.map(() => first.exact.saving);
        const won = { one: first, counted: true, taken, saved: sum(taken), proven: true, beatenBy: null };
        return [won, ...others.map((one) => ({ ...none, one }))];
      });
    };

    const settled = (choices, shown) => {
      const lines = choices.map(inCents);
      for (const [resource, some] of grouped(lines, (line) => line.one.resource)) {
        const limit = some.reduce((a, line) => Math.max(a, line.one.costs), floors.get(resource) ?? 0);
        bringDown(some, limit, net);
      }
      const usage = lines.filter((line) => !line.one.buyers);
      for (const [place, some] of grouped(usage, (line) => data.at[line.one.index])) {
        const [limit, unnamed] = data.places[place];
        if (unnamed !== null) bringDown(some, unnamed, listed);
        bringDown(some, limit, net);
      }
      const purchases = lines.filter((line) => line.one.buyers).sort((a, b) => a.one.id - b.one.id);
      if (purchases.length) {
        const spent = data.places.map(() => 0);
        for (const line of usage) spent[data.at[line.one.index]] += line.net;
        for (const index of alone) if (shown(index)) spent[data.at[index]] += nets[index];
        fitPurchases(purchases, spent, data.places);
      }
      return lines;
    };

    /** The choices of the whole report, some at a time; false when all are made. */
    let ahead = 0;
    const warm = () => {
      if (ahead < groups.length) choicesOf(groups[ahead], ahead, () => true);
      ahead += 1;
      return ahead < groups.length;
    };

    return {
      warm,
      among: (shown) => {
        const choices = shareOut(groups.flatMap((group, at) => choicesOf(group, at, shown)));
        const found = { nets: nets.map((amount, index) => (shown(index) ? amount : null)), beatenBy: [] };
        for (const line of settled([...choices, ...purchaseChoices(shown)], shown)) {
          found.nets[line.one.index] = line.net;
          if (line.choice.beatenBy !== null) found.beatenBy[line.one.index] = byId.get(line.choice.beatenBy).index;
        }
        return found;
      },
    };
  };

  return { prepare };
})();
