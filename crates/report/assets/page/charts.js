// Charts of the report and of the live page, drawn by uPlot from the numbers in the page.
"use strict";

const charts = (() => {
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const text = (value, digits = 4) => (value == null || !isFinite(value) ? "–" : String(+value.toPrecision(digits)));
  const isAbsent = (value) => value == null || !isFinite(value);

  const HEIGHT = 380;
  const live = new Set();

  function widthOf(root) {
    return Math.max(260, root.clientWidth);
  }

  // A chart that stays in sight takes a share of the window.
  function heightOf(root) {
    const share = +getComputedStyle(root).getPropertyValue("--share-of-window");
    return share ? Math.min(HEIGHT, Math.max(170, Math.round(share * innerHeight))) : HEIGHT;
  }

  // Keeps a chart as wide as its place, and in the colours of the page.
  function mount(root, make) {
    const view = { root, chart: null };
    view.draw = () => {
      const hidden = new Set();
      if (view.chart) {
        view.chart.series.forEach((series) => { if (!series.show) hidden.add(series.label); });
        view.chart.destroy();
      }
      const { options, data } = make();
      options.width = widthOf(root);
      options.height = heightOf(root);
      options.series.forEach((series) => { if (hidden.has(series.label)) series.show = false; });
      view.chart = new uPlot(options, data, root);
      operable(view.chart);
    };
    view.draw();
    // Not within the observer: a new size would call it again.
    new ResizeObserver(() => requestAnimationFrame(() => {
      if (view.chart.width !== widthOf(root)) view.chart.setSize({ width: widthOf(root), height: heightOf(root) });
    })).observe(root);
    root.addEventListener("keydown", (event) => move(view.chart, event));
    live.add(view);
    return view;
  }

  // Legend entries are buttons, for the keyboard too.
  function operable(chart) {
    chart.root.querySelectorAll(".u-legend .u-series").forEach((row, i) => {
      const label = row.querySelector("th");
      if (i === 0 || !label) return;
      label.tabIndex = 0;
      label.setAttribute("role", "button");
      label.setAttribute("aria-pressed", String(chart.series[i].show));
      label.addEventListener("click", () => label.setAttribute("aria-pressed", String(chart.series[i].show)));
      label.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        label.click();
      });
    });
  }

  // Arrow keys move the cursor from rank count to rank count.
  function move(chart, event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
    if (!step || event.target !== chart.root.parentElement) return;
    event.preventDefault();
    const xs = chart.data[0];
    const from = chart.cursor.idx == null ? (step < 0 ? xs.length : -1) : chart.cursor.idx;
    const to = Math.min(xs.length - 1, Math.max(0, from + step));
    chart.setCursor({ left: chart.valToPos(xs[to], "x"), top: chart.bbox.height / devicePixelRatio / 2 });
  }

  function axis(label, more) {
    return Object.assign({
      label, stroke: color("text"), labelSize: 24, labelGap: 4, size: 52,
      grid: { stroke: color("grid"), width: 1 }, ticks: { stroke: color("grid"), width: 1 },
    }, more);
  }

  // What is drawn of each quantity: its values at each rank count and the text of its axis.
  const QUANTITIES = {
    time: {
      axis: (data) => `Makespan [${data.unit.symbol}]`,
      band: (point, data) => [point.p05_s, point.makespan_s, point.p95_s].map((value) => value / data.unit.seconds),
      ideal: (ranks, data) => data.alone_s / data.unit.seconds / ranks,
      measured: (run, data) => [run.low_s, run.seconds, run.high_s].map((value) => value / data.unit.seconds),
    },
    speedup: {
      axis: () => "Speedup T(1) / T",
      band: (point) => [point.speedup_p05, point.speedup, point.speedup_p95],
      ideal: (ranks) => ranks,
      measured: (run, data) => [run.high_s, run.seconds, run.low_s].map((value) => data.measured_alone_s / value),
    },
    efficiency: {
      axis: () => "Parallel efficiency [%]",
      band: (point) => [point.speedup_p05, point.speedup, point.speedup_p95].map((value) => (value == null ? null : 100 * value / point.ranks)),
      ideal: () => 100,
      measured: (run, data) =>
        [run.high_s, run.seconds, run.low_s].map((value) => 100 * data.measured_alone_s / value / run.ranks),
    },
  };

  const KINDS = [
    ["held_out", "measured, held out", "measured"],
    ["fitted", "measured, used for the fit", "fitted"],
    ["outlier", "measured, outlier", "outlier"],
  ];

  // Predicted curve with its band, the ideal, and measured points by kind.
  function curveData(data, view) {
    const quantity = QUANTITIES[view.quantity];
    const points = new Map(data.points.map((point) => [point.ranks, point]));
    const runs = new Map(data.measured.map((run) => [run.ranks, run]));
    const xs = [...new Set([...points.keys(), ...runs.keys()])].sort((a, b) => a - b);
    const usable = (value) => (isAbsent(value) || (view.logY && value <= 0) ? null : value);
    const band = (i) => xs.map((x) => (points.has(x) ? usable(quantity.band(points.get(x), data)[i]) : null));
    const columns = [xs, band(2), band(0), xs.map((x) => usable(quantity.ideal(x, data))), band(1)];
    const bars = [];
    for (const [kind] of kindsOf(data)) {
      const of = (x, i) => {
        const run = runs.get(x);
        return run && run.kind === kind ? usable(quantity.measured(run, data)[i]) : null;
      };
      columns.push(xs.map((x) => of(x, 1)));
      bars.push({ series: columns.length - 1, low: xs.map((x) => of(x, 0)), high: xs.map((x) => of(x, 2)) });
    }
    return { columns, bars };
  }

  function kindsOf(data) {
    const kinds = KINDS.filter(([kind]) => data.measured.some((run) => run.kind === kind));
    const alone = kinds.every(([kind]) => kind !== "fitted");
    return kinds.map(([kind, name, tint]) => [kind, alone && kind === "held_out" ? "measured" : name, tint]);
  }

  function curveOptions(data, view, bars) {
    const value = (_, raw) => text(raw);
    const line = (label, stroke, more) =>
      Object.assign({ label, stroke, width: 2.5, spanGaps: true, value, points: { show: data.points.length <= 16 } }, more);
    const hidden = { width: 0, points: { show: false } };
    const dots = kindsOf(data).map(([, name, tint]) => ({
      label: name, stroke: color(tint), width: 0, value, paths: () => null,
      points: { show: true, size: tint === "outlier" ? 11 : 8, fill: tint === "outlier" ? color("back") : color(tint), width: 2 },
    }));
    return {
      scales: {
        x: { time: false, distr: view.logX ? 3 : 1, log: 2, range: (_, min, max) => ranksRange(min, max, view.logX) },
        y: { distr: view.logY ? 3 : 1, range: (_, min, max) => valueRange(min, max, view, data) },
      },
      axes: [axis("Ranks (MPI processes)", { size: 34, ...rankTicks(data, view) }), axis(QUANTITIES[view.quantity].axis(data), { size: 62, values: (_, ticks) => ticks.map((tick) => (tick == null ? "" : text(tick))) })],
      series: [
        { label: "ranks", value: (_, raw) => (raw == null ? "–" : String(raw)) },
        line("95 % quantile", color("accent"), hidden),
        line("5 % quantile", color("accent"), hidden),
        line("ideal", color("ideal"), { width: 1.5, dash: [8, 6], points: { show: false } }),
        line("predicted (median)", color("accent")),
        ...dots,
      ],
      bands: [{ series: [1, 2], fill: color("band") }],
      cursor: { drag: { x: false, y: false }, points: { size: 9 } },
      legend: { live: true },
      hooks: { draw: [(chart) => bars.forEach((bar) => drawBars(chart, bar))] },
    };
  }

  function ranksRange(min, max, isLog) {
    if (min == null) return [1, 2];
    return isLog ? [min / 1.08, Math.max(max, min * 1.5) * 1.08] : [min - 0.02 * max, max + Math.max(0.02 * max, 0.4)];
  }

  function rankTicks(data, view) {
    if (!view.logX) {
      // There are no 0 ranks.
      const filter = (_, splits) => splits.map((split) => (split < 1 ? null : split));
      return { filter, incrs: [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 500, 512, 1000, 2000, 5000, 10000] };
    }
    return {
      splits: (_, __, min, max) => {
        const powers = [];
        for (let power = 1; power <= max; power *= 2) if (min <= power) powers.push(power);
        return powers;
      },
      filter: (_, splits) => splits, values: (_, splits) => splits.map(String),
    };
  }

  // The ideal may leave the panel: the curve is what is looked at.
  function valueRange(min, max, view, data) {
    if (min == null || max == null) return [0, 1];
    const quantity = QUANTITIES[view.quantity];
    const values = data.points.flatMap((point) => quantity.band(point, data))
      .concat(data.measured.map((run) => quantity.measured(run, data)[1]))
      .filter((value) => !isAbsent(value) && (!view.logY || 0 < value));
    if (values.length === 0) return [0, 1];
    const most = Math.max(...values);
    const least = Math.min(...values);
    if (view.logY) return [least / 1.5, Math.max(most, least * 1.2) * 1.5];
    return [0, (view.quantity === "speedup" ? Math.max(most * 1.15, 1.5) : most * 1.08) || 1];
  }

  function drawBars(chart, bar) {
    if (!chart.series[bar.series].show) return;
    const ctx = chart.ctx;
    ctx.save();
    ctx.strokeStyle = color("soft");
    ctx.lineWidth = 1.25 * devicePixelRatio;
    const cap = 3.5 * devicePixelRatio;
    chart.data[0].forEach((x, i) => {
      if (isAbsent(bar.low[i]) || isAbsent(bar.high[i])) return;
      const [left, low, high] = [chart.valToPos(x, "x", true), chart.valToPos(bar.low[i], "y", true), chart.valToPos(bar.high[i], "y", true)];
      if (low - high < 2) return;
      ctx.beginPath();
      ctx.moveTo(left, low);
      ctx.lineTo(left, high);
      for (const y of [low, high]) {
        ctx.moveTo(left - cap, y);
        ctx.lineTo(left + cap, y);
      }
      ctx.stroke();
    });
    ctx.restore();
  }

  function curve(root, data, view) {
    return mount(root, () => {
      const { columns, bars } = curveData(data(), view);
      return { options: curveOptions(data(), view, bars), data: columns };
    });
  }

  // One bar per rank count, a piece per cause, one upon the other.
  function breakdown(root, data, view) {
    const shown = mount(root, () => {
      const { points, causes, unit } = data();
      const totals = points.map((_, i) => causes.reduce((sum, cause) => sum + cause.seconds[i], 0));
      const scaled = causes.map((cause) => cause.seconds.map((seconds, i) =>
        view.share ? (totals[i] ? 100 * seconds / totals[i] : 0) : seconds / unit.seconds));
      const hidden = new Set(causes.filter((cause) => view.hidden && view.hidden.has(cause.key)).map((cause) => cause.key));
      const series = [{ label: "ranks", value: (_, slot) => (slot == null ? "–" : String(points[slot].ranks)) }];
      const columns = [points.map((_, i) => i)];
      let heights = points.map(() => 0);
      const stacked = causes.map((cause, c) => {
        if (!hidden.has(cause.key)) heights = heights.map((height, i) => height + scaled[c][i]);
        return heights;
      });
      // The tallest first, so that the lower pieces are painted over it.
      for (let c = causes.length - 1; 0 <= c; c--) {
        columns.push(stacked[c]);
        series.push({
          label: causes[c].name, fill: causes[c].color, stroke: color("back"), width: 0.5, show: !hidden.has(causes[c].key),
          paths: uPlot.paths.bars({ size: [0.8, 64] }), points: { show: false },
          value: (_, __, ___, i) => (i == null ? "–" : text(scaled[c][i], 3)),
        });
      }
      const most = Math.max(...heights, 0) || 1;
      return {
        data: columns,
        options: {
          scales: { x: { time: false, range: () => [-0.6, points.length - 0.4] }, y: { range: () => [0, view.share ? 100 : most * 1.05] } },
          axes: [
            axis("Ranks (MPI processes)", { size: 34, incrs: [1, 2, 5, 10, 20, 50, 100], values: (_, slots) => slots.map((slot) => (points[slot] ? String(points[slot].ranks) : "")) }),
            axis(view.share ? "Share [%]" : `Time [${unit.symbol}]`, { size: 62 }),
          ],
          series, legend: { live: true, markers: { fill: (chart, i) => chart.series[i]._fill || causes[causes.length - i]?.color } },
          cursor: { drag: { x: false, y: false }, points: { show: false } },
          hooks: {
            setSeries: [(chart, i, change) => {
              if (i == null || change.show == null) return;
              view.hidden = view.hidden || new Set();
              view.hidden[change.show ? "delete" : "add"](causes[causes.length - i].key);
              queueMicrotask(() => shown.draw());
            }],
          },
        },
      };
    });
    return shown;
  }

  const percent = (raw) => (raw == null ? "–" : `${raw > 0 ? "+" : ""}${text(raw, 3)} %`);

  // Errors in percent, those of outliers at the edge of the range of the others; their values are the true ones.
  function errorRange(points) {
    const ordinary = points.filter((point) => point.kind !== "outlier").map((point) => 130 * Math.abs(point.relative_error));
    const limit = Math.max(5, ...ordinary);
    return { limit, shown: (error) => Math.max(-0.97 * limit, Math.min(0.97 * limit, 100 * error)) };
  }

  // Signed relative errors, with the noise floor of the measurements.
  function errors(root, data) {
    return mount(root, () => {
      const { comparison } = data();
      const xs = comparison.points.map((point) => point.ranks);
      const kinds = KINDS.filter(([kind]) => comparison.points.some((point) => point.kind === kind));
      const floor = 100 * comparison.noise_floor;
      const { limit, shown } = errorRange(comparison.points);
      const value = (_, raw) => percent(raw);
      const truly = (_, raw, __, i) => percent(raw == null || i == null ? null : 100 * comparison.points[i].relative_error);
      const level = (label, at) => ({ label, stroke: color("ideal"), width: 1, dash: [6, 5], points: { show: false }, value });
      return {
        data: [xs, xs.map(() => floor), xs.map(() => -floor), ...kinds.map(([kind]) =>
          comparison.points.map((point) => (point.kind === kind ? shown(point.relative_error) : null)))],
        options: {
          scales: { x: { time: false, range: (_, min, max) => ranksRange(min, max, false) }, y: { range: () => [-Math.max(limit, 1.1 * floor), Math.max(limit, 1.1 * floor)] } },
          axes: [axis("Ranks (MPI processes)", { size: 34, ...rankTicks(data(), { logX: false }) }), axis("Relative error [%]", { size: 62 })],
          series: [
            { label: "ranks", value: (_, raw) => (raw == null ? "–" : String(raw)) },
            level("noise floor"), level("− noise floor"),
            ...kinds.map(([, name, tint]) => ({
              label: name, stroke: color(tint), width: 0, paths: () => null, value: truly,
              points: { show: true, size: 9, fill: tint === "outlier" ? color("back") : color(tint), width: 2 },
            })),
          ],
          cursor: { drag: { x: false, y: false } }, legend: { live: true },
        },
      };
    });
  }

  // Lines over the rank count with a linear or logarithmic vertical axis.
  function lines(root, view, label, xs, series, columns) {
    const values = columns.flat().filter((value) => !isAbsent(value) && (!view.logY || 0 < value));
    const [least, most] = values.length ? [Math.min(...values), Math.max(...values)] : [0.5, 1];
    const usable = (value) => (isAbsent(value) || (view.logY && value <= 0) ? null : value);
    const ranks = { points: xs.map((x) => ({ ranks: x })) };
    return {
      data: [xs, ...columns.map((column) => column.map(usable))],
      options: {
        scales: {
          x: { time: false, distr: view.logX ? 3 : 1, log: 2, range: (_, min, max) => ranksRange(min, max, view.logX) },
          y: { distr: view.logY ? 3 : 1, range: () => (view.logY ? [least / 1.5, Math.max(most, least * 1.2) * 1.5] : [0, most * 1.08 || 1]) },
        },
        axes: [axis("Ranks (MPI processes)", { size: 34, ...rankTicks(ranks, view) }), axis(label, { size: 62, values: (_, ticks) => ticks.map((tick) => (tick == null ? "" : text(tick))) })],
        series: [{ label: "ranks", value: (_, raw) => (raw == null ? "–" : String(raw)) }, ...series],
        cursor: { drag: { x: false, y: false }, points: { size: 9 } }, legend: { live: true },
      },
    };
  }

  const value = (_, raw) => text(raw);
  // Full dots of runs that were held out, small rings of those used for the fit, large rings of outliers.
  const RUNS = [["held_out", "measured", 8], ["fitted", "used for the fit", 7], ["outlier", "outlier", 12]];
  const dots = (label, tint, [kind, , size]) => ({
    label, stroke: tint, width: 0, value, paths: () => null,
    points: { show: true, size, fill: kind === "held_out" ? tint : color("back"), width: 2 },
  });

  // Predicted time and what no program could beat.
  function bounds(root, data, view) {
    return mount(root, () => {
      const { bounds, unit } = data();
      const scaled = (seconds) => seconds.map((value) => value / unit.seconds);
      const series = [{ label: "predicted (median)", stroke: color("text"), width: 2.5, value, points: { show: bounds.ranks.length <= 16 } }]
        .concat(bounds.lines.map((line, i) => ({
          label: "bound: " + line.name, stroke: line.color, width: 2, dash: [[10, 5], [4, 4], [12, 4, 2, 4], [2, 3]][i % 4], value, points: { show: false },
        })));
      return lines(root, view, `Time [${unit.symbol}]`, bounds.ranks, series, [scaled(bounds.makespan_s), ...bounds.lines.map((line) => scaled(line.seconds))]);
    });
  }

  // Values of several lists of points at all rank counts that any of them has.
  function aligned(lists) {
    const xs = [...new Set(lists.flatMap((list) => list.map((point) => point.ranks)))].sort((a, b) => a - b);
    const column = (list, of) => {
      const byRanks = new Map(list.map((point) => [point.ranks, of(point)]));
      return xs.map((x) => (byRanks.has(x) ? byRanks.get(x) : null));
    };
    return { xs, column };
  }

  // Several predictions with their measured runs.
  function overlay(root, data, view) {
    return mount(root, () => {
      const { overlays, unit } = data();
      const { xs, column } = aligned(overlays.flatMap((one) => [one.points, one.measured]));
      const series = [];
      const columns = [];
      for (const one of overlays) {
        series.push({ label: one.label, stroke: one.color, width: 2.5, spanGaps: true, value, points: { show: false } });
        columns.push(column(one.points, (point) => point.makespan_s / unit.seconds));
        for (const kind of RUNS) {
          const runs = one.measured.filter((run) => run.kind === kind[0]);
          if (runs.length === 0) continue;
          series.push(dots(`${one.label}, ${kind[1]}`, one.color, kind));
          columns.push(column(runs, (run) => run.seconds / unit.seconds));
        }
      }
      return lines(root, view, `Makespan [${unit.symbol}]`, xs, series, columns);
    });
  }

  // Their signed relative errors.
  function overlayErrors(root, data) {
    return mount(root, () => {
      const { overlays } = data();
      const { xs, column } = aligned(overlays.map((one) => one.errors.points));
      const { limit, shown } = errorRange(overlays.flatMap((one) => one.errors.points));
      const series = [];
      const columns = [];
      for (const one of overlays) {
        for (const kind of RUNS) {
          const points = one.errors.points.filter((point) => point.kind === kind[0]);
          if (points.length === 0) continue;
          const errors = column(points, (point) => 100 * point.relative_error);
          series.push({ ...dots(`${one.label}, ${kind[1]}`, one.color, kind), value: (_, raw, __, i) => percent(raw == null || i == null ? null : errors[i]) });
          columns.push(column(points, (point) => shown(point.relative_error)));
        }
      }
      const made = lines(root, {}, "Relative error [%]", xs, series, columns);
      made.options.scales.y = { range: () => [-limit, limit] };
      return made;
    });
  }

  const redraw = () => live.forEach((view) => view.draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // Paper is white.
  addEventListener("beforeprint", () => { document.documentElement.dataset.theme = "light"; redraw(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.theme; redraw(); });

  return { curve, breakdown, errors, bounds, overlay, overlayErrors, text };
})();
