"use strict";
/**
 * Of findings that touch the same cost the consistent set that saves the most, as the analyser chooses it.
 *
 * Findings are numbered by the order of their ids, which decides ties.
 */
const choosing = (() => {
  const { ZERO, ONE, parse, times, plus, minus, compare, least, most, sum } = decimals;

  // ---- Groups that share cells, exclude or follow each other, directly or over others. ----
  const linked = (effects) => {
    if (effects.length === 1) return [effects];
    const root = effects.map((_, at) => at);
    const rootOf = (at) => {
      while (root[at] !== at) at = root[at] = root[root[at]];
      return at;
    };
    const join = (a, b) => { root[rootOf(a)] = rootOf(b); };
    const owner = new Map();
    effects.forEach((one, at) => {
      for (const cell of one.cells) {
        if (owner.has(cell)) join(at, owner.get(cell));
        else owner.set(cell, at);
      }
    });
    if (effects.some((one) => one.never.size || one.after.size)) {
      const known = new Map(effects.map((one, at) => [one.id, at]));
      effects.forEach((one, at) => {
        for (const other of [...one.never, ...one.after]) if (known.has(other)) join(at, known.get(other));
      });
    }
    const groups = new Map();
    effects.forEach((one, at) => {
      const name = rootOf(at);
      if (groups.has(name)) groups.get(name).push(one);
      else groups.set(name, [one]);
    });
    return [...groups.values()].map((group) => group.sort((a, b) => a.id - b.id));
  };

  // ---- Two ways to reckon. The quick one finds the best set wherever it is the best by more than a hair. ----
  const exact = {
    ZERO, ONE, times, plus, minus, compare, least, most,
    of: (one) => one.exact,
    surely: (a, b) => compare(a, b) >= 0,
    more: (a, b) => compare(a, b) > 0,
  };

  const near = (a, b) => Math.abs(a - b) <= 1e-9 * (Math.abs(a) + Math.abs(b));
  const quick = {
    ZERO: 0, ONE: 1, doubts: false,
    of: (one) => one.quick,
    times: (a, b) => a * b,
    plus: (a, b) => a + b,
    minus: (a, b) => a - b,
    compare: (a, b) => a - b,
    least: Math.min,
    most: Math.max,
    surely: (a, b) => a > b + 1e-9 && !near(a, b) || (a === 0 && b === 0), // else the other way is tried as well
    more: (a, b) => {
      if (near(a, b) || Math.abs(a - b) < 1e-9) quick.doubts = true;
      return a > b;
    },
  };

  const REMOVE = 0;
  const MOST_STEPS = 50_000;
  const meets = (one, other) => one.cells.some((cell) => other.places.has(cell));

  const together = (one, other) => {
    if (one.never.has(other.id) || other.never.has(one.id)) return false;
    if (!meets(one, other)) return true;
    return one.stage !== other.stage && one.stage !== REMOVE && other.stage !== REMOVE;
  };

  /** What actions do to what is left, and the search for the best of them, in one way to reckon. */
  const reckoning = (by) => {
    const { ZERO: none, ONE: all, times, plus, minus, compare, least, most, surely, more: isMore } = by;
    const sum = (amounts) => amounts.reduce(plus, none);

    const leftOf = (one, at, done) => {
      const own = by.of(one).left[at];
      if (!one.after.size) return own;
      let first = -1;
      for (const earlier of done) if (one.after.has(earlier) && (first < 0 || earlier < first)) first = earlier;
      return first < 0 ? own : by.of(one).after.get(first).get(one.cells[at]) ?? own;
    };

    const takenOf = (one, shares, done) => one.cells.map((cell, at) => {
      const { cost, left, goes, whole } = by.of(one);
      const share = shares.get(cell);
      const then = leftOf(one, at, done);
      const part = then === left[at] ? goes[at] : minus(all, then);
      return times(share === undefined ? whole[at] : times(cost[at], share), part);
    });

    const savedBy = (one, shares, done) => {
      if (shares.size === 0 && !done.length) return by.of(one).alone;
      return sum(takenOf(one, shares, done));
    };

    const after = (one, shares, done) => {
      const left = new Map(shares);
      one.cells.forEach((cell, at) => left.set(cell, times(left.get(cell) ?? all, leftOf(one, at, done))));
      return left;
    };

    /** More than no set of these can save: of every cell the best of each stage, one after the other. */
    const atMost = (effects, shares) => {
      const cells = new Map();
      let refunds = none;
      for (const one of effects) {
        const { cost, left, after: later } = by.of(one);
        one.cells.forEach((cell, at) => {
          const others = one.after.size
            ? [...one.after].filter((id) => later.get(id).has(cell)).map((id) => later.get(id).get(cell))
            : [];
          const lefts = [left[at], ...others];
          if (!cells.has(cell)) cells.set(cell, { stages: new Map(), cost: none });
          const known = cells.get(cell);
          known.stages.set(one.stage, lefts.reduce(least, least(all, known.stages.get(one.stage) ?? all)));
          known.cost = most(known.cost, cost[at]);
          if (one.refunds[at]) {
            const here = times(cost[at], shares.get(cell) ?? all);
            refunds = plus(refunds, lefts.map((share) => times(here, minus(all, share))).reduce(most, none));
          }
        });
      }
      let total = refunds;
      for (const [cell, { stages, cost }] of cells) {
        let left = all;
        for (const [stage, share] of stages) if (stage !== REMOVE) left = times(left, share);
        const goes = minus(all, least(left, stages.get(REMOVE) ?? all));
        total = plus(total, times(times(cost, shares.get(cell) ?? all), goes));
      }
      return total;
    };

    const comesFirst = (a, b) => {
      if (a.waits !== b.waits) return b.waits;
      if (a.touched !== b.touched) return a.touched > b.touched;
      return (compare(b.saved, a.saved) || a.one.id - b.one.id) < 0;
    };

    /** What is decided next: what waits for nothing, touches the most others, saves the most, has the smaller id. */
    const nextOf = (effects, shares) => {
      const ids = new Set(effects.map((one) => one.id));
      const owners = new Map();
      for (const one of effects) for (const cell of one.cells) owners.set(cell, (owners.get(cell) ?? 0) + 1);
      let best = null;
      for (const one of effects) {
        const waits = one.after.size > 0 && [...one.after].some((id) => ids.has(id));
        const touched = one.cells.reduce((n, cell) => n + owners.get(cell) - 1, 0);
        const found = { one, waits, touched, saved: savedBy(one, shares, []) };
        if (best === null || comesFirst(found, best)) best = found;
      }
      return best.one;
    };

    /** Branch and bound over one group; what is no longer linked is solved apart. */
    const best = (group) => {
      let steps = 0;
      const parts = (effects, shares, done) => {
        let value = none;
        const chosen = [];
        for (const part of effects.length ? linked(effects) : []) {
          const [more, some] = decided(part, shares, done);
          value = plus(value, more);
          chosen.push(...some);
        }
        return [value, chosen];
      };
      const decided = (effects, shares, done) => {
        steps += 1;
        const first = effects.length === 1 ? effects[0] : nextOf(effects, shares);
        const gain = savedBy(first, shares, done);
        const rest = effects.filter((one) => one !== first);
        const friends = rest.filter((one) => together(first, one));
        const [more, chosen] = friends.length ? parts(friends, after(first, shares, done), [...done, first.id]) : [none, []];
        const taken = [plus(gain, more), [first, ...chosen]];
        if (surely(taken[0], rest.length ? atMost(rest, shares) : none) || steps > MOST_STEPS) return taken;
        const without = parts(rest, shares, done);
        return isMore(without[0], taken[0]) ? without : taken;
      };
      const [, chosen] = parts(group, new Map(), []);
      return { chosen, proven: steps <= MOST_STEPS };
    };
    return { takenOf, after, best };
  };
  const exactly = reckoning(exact);
  const quickly = reckoning(quick);

  /** Without removals of the same cells of which another one saves as much or more. */
  const undominated = (effects) => {
    if (effects.length === 1) return effects;
    const barred = new Set();
    for (const one of effects) {
      if (one.never.size) barred.add(one.id);
      for (const id of one.never) barred.add(id);
    }
    const best = new Set();
    const ordered = [...effects].sort((a, b) => compare(b.exact.alone, a.exact.alone) || a.id - b.id);
    return ordered.filter((one) => {
      if (one.stage !== REMOVE || barred.has(one.id)) return true;
      const cells = [...one.cells].sort((a, b) => a - b).join();
      return best.has(cells) ? false : best.add(cells);
    });
  };

  const searched = (group) => {
    const some = undominated(group);
    quick.doubts = false;
    const found = quickly.best(some);
    return quick.doubts || !found.proven ? exactly.best(some) : found;
  };

  // ---- What became of each: counted or not, what it takes of each cell, after which, or beaten by which. ----
  const byTurn = (a, b) => a.stage - b.stage || a.id - b.id;

  const told = (group) => {
    const { chosen, proven } = searched(group);
    const choices = new Map();
    const done = [];
    let shares = new Map();
    for (const one of [...chosen].sort(byTurn)) {
      const ids = done.map((other) => other.id);
      const taken = exactly.takenOf(one, shares, ids);
      const follows = done.filter((other) => meets(one, other)).length;
      choices.set(one.id, { one, counted: true, taken, saved: sum(taken), follows, proven, beatenBy: null, line: null });
      shares = exactly.after(one, shares, ids);
      done.push(one);
    }
    for (const one of group) {
      if (choices.has(one.id)) continue;
      const beatenBy = beating(one, done, choices);
      choices.set(one.id, { one, counted: false, taken: [], saved: ZERO, follows: 0, proven, beatenBy, line: null });
    }
    return choices;
  };

  const beating = (one, winners, choices) => {
    const barring = winners.filter((other) => !together(one, other));
    const near = barring.length ? barring : winners.filter((other) => meets(one, other));
    const bySaving = (a, b) => compare(choices.get(b.id).saved, choices.get(a.id).saved) || a.id - b.id;
    return near.length ? near.reduce((a, b) => (bySaving(b, a) < 0 ? b : a)).id : null;
  };

  /** A copy that knows of no others than those shown. */
  const among = (one, shown) => {
    if (!one.after.size && !one.never.size) return one;
    const later = new Set([...one.after].filter(shown));
    return Object.assign(Object.create(one), { after: later, never: new Set([...one.never].filter(shown)) });
  };

  // ---- A finding as the page's data has it. ----
  const numbers = (pairs, number) => new Map(pairs.map(([key, text]) => [key, number(text)]));

  /** Exact amounts are made when they are first asked for, as that takes a while. */
  class Effect {
    constructor([index, id, resource, stage, sure, list, costs, pieces, later, never, buyers]) {
      Object.assign(this, { index, id, resource, stage, sure, list: Boolean(list), costs, pieces, later });
      this.cells = pieces.map(([cell]) => cell);
      this.places = new Set(this.cells);
      this.refunds = pieces.map(([, cost]) => cost.startsWith("-"));
      this.listed = pieces.map((piece) => Boolean(piece[3]));
      this.held = { exact: null };
      this.quick = this.amounts(quick, Number);
      this.after = new Set(later.map(([other]) => other));
      this.never = new Set(never);
      this.buyers = buyers && buyers.map(([place, share]) => [place, parse(share)]);
      this.covered = new Map(pieces.filter((piece) => piece[4]).map(([cell, , , , gone, absorbed]) => [cell, {
        gone: parse(gone),
        absorbed: absorbed.map(([commitment, cost, cap]) => ({ commitment, cost: parse(cost), most: parse(cap) })),
      }]));
    }

    /** Copies hold the same holder, so that amounts are made once for all of them. */
    get exact() { return (this.held.exact ??= this.amounts(exact, parse)); }

    amounts({ ONE: all, ZERO: none, times, plus, minus }, number) {
      const cost = this.pieces.map((piece) => number(piece[1]));
      const left = this.pieces.map((piece) => number(piece[2]));
      const goes = left.map((share) => minus(all, share));
      const whole = cost.map((amount) => times(amount, all));
      return {
        cost, left, goes, whole,
        after: new Map(this.later.map(([other, shares]) => [other, numbers(shares, number)])),
        alone: whole.map((amount, at) => times(amount, goes[at])).reduce(plus, none),
        saving: cost.map((amount, at) => times(amount, goes[at])).reduce(plus, none),
      };
    }
  }

  return { Effect, linked, told, among };
})();
