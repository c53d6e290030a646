// The live page: knobs ask the server, charts follow, the address says how the knobs stand.
"use strict";

(() => {
  const place = (id) => document.getElementById(id);
  const everything = JSON.parse(place("numbers").textContent);
  const knobs = new Map(everything.knobs.map((knob) => [knob.id, knob]));
  const STEPS = 1000;
  let shown = everything.state;
  const data = () => shown.numbers;

  // The view is in the fragment of the address: #quantity=speedup&logY
  const VIEWS = ["quantity", "logX", "logY", "share"];
  const view = {};
  function readView() {
    for (const word of location.hash.slice(1).split("&").filter(Boolean)) {
      const [name, value] = word.split("=");
      if (!VIEWS.includes(name)) continue;
      const input = value === undefined ? document.querySelector(`.controls input[name="${name}"]`)
        : [...document.querySelectorAll(`.controls input[name="${name}"]`)].find((radio) => radio.value === value);
      if (input) input.checked = true;
    }
  }
  function viewChanged(part) {
    for (const name of VIEWS) if (name in part) view[name] = part[name];
    const words = VIEWS.filter((name) => view[name] && view[name] !== "time").map((name) => (view[name] === true ? name : `${name}=${view[name]}`));
    address(shown.query, words.length ? "#" + words.join("&") : "");
  }
  function address(query, hash) {
    history.replaceState(null, "", location.pathname + (query ? "?" + query : "") + hash);
  }

  // Sliders: equal steps are equal factors for logarithmic knobs.
  const ends = (range) => (range.is_logarithmic ? [Math.log(range.low), Math.log(range.high)] : [range.low, range.high]);
  function toSlider(range, value) {
    const [low, high] = ends(range);
    const at = range.is_logarithmic ? Math.log(Math.max(value, range.low)) : value;
    return Math.round(STEPS * (at - low) / (high - low));
  }
  function fromSlider(range, step) {
    const [low, high] = ends(range);
    const at = low + (high - low) * step / STEPS;
    const value = range.is_logarithmic ? Math.exp(at) : at;
    const rounded = range.is_whole ? Math.round(value) : +value.toPrecision(3);
    return Math.min(range.high, Math.max(range.low, rounded));
  }

  const field = (id) => place("knob-" + id);
  const slider = (id) => document.querySelector(`[data-slider="${id}"]`);
  const inFile = (knob) => (knob.range.number || knob.range.choice).value;

  function query() {
    const pairs = [];
    for (const [id, knob] of knobs) {
      const value = field(id).value;
      if (knob.range.number ? +value !== inFile(knob) : value !== inFile(knob)) pairs.push(`${id}=${encodeURIComponent(value)}`);
    }
    return pairs.join("&");
  }

  function setKnobs(query) {
    const turned = new URLSearchParams(query);
    for (const [id, knob] of knobs) {
      field(id).value = turned.has(id) ? turned.get(id) : inFile(knob);
      if (knob.range.number) slider(id).value = toSlider(knob.range.number, +field(id).value);
    }
  }

  // One question at a time; of those that come meanwhile, the last one is asked next.
  let isAsking = false;
  let isChanged = false;
  let turnedAt = 0;
  async function ask() {
    if (isAsking) { isChanged = true; return; }
    isAsking = true;
    const asked = query();
    const since = turnedAt;
    try {
      const response = await fetch("answer?" + asked, { headers: { Accept: "application/json" } });
      if (response.status === 503) {
        // Others are asking, too.
        await new Promise((done) => setTimeout(done, 1000));
        isChanged = true;
      } else {
        const answer = await response.json();
        if (answer.problem) problem(answer.problem);
        else show(answer, since);
      }
    } catch (error) {
      problem("The server does not answer. Is dlpc-sim explore still running?");
    }
    isAsking = false;
    if (isChanged) { isChanged = false; ask(); }
  }

  function problem(text) {
    place("problem").textContent = text;
    place("problem").hidden = !text;
  }

  function show(answer, since) {
    shown = answer;
    problem("");
    place("answer").textContent = answer.answer;
    place("advice").replaceChildren(...answer.advice.map((sentence) => {
      const line = document.createElement("p");
      line.textContent = sentence;
      return line;
    }));
    const warnings = answer.notes.concat(answer.warnings);
    place("warnings").hidden = warnings.length === 0;
    place("warnings").querySelector("ul").replaceChildren(...warnings.map((warning) => {
      const item = document.createElement("li");
      item.textContent = warning;
      return item;
    }));
    place("curve-numbers").innerHTML = answer.curve_table;
    place("breakdown-numbers").innerHTML = answer.breakdown_table;
    curve.draw();
    breakdown.draw();
    place("save").href = "scenario.toml" + (answer.query ? "?" + answer.query : "");
    address(answer.query, location.hash);
    document.documentElement.dataset.answers = String(+(document.documentElement.dataset.answers || 0) + 1);
    document.documentElement.dataset.lastMs = String(performance.now() - since);
  }

  function turned() {
    turnedAt = performance.now();
    ask();
  }

  for (const [id, knob] of knobs) {
    field(id).addEventListener("input", () => {
      if (knob.range.number) {
        if (field(id).value === "" || !field(id).checkValidity()) {
          problem(`${knob.label}: ${field(id).validationMessage || "a number is needed"}`);
          return;
        }
        slider(id).value = toSlider(knob.range.number, +field(id).value);
      }
      turned();
    });
    if (knob.range.number) {
      slider(id).addEventListener("input", () => {
        field(id).value = fromSlider(knob.range.number, +slider(id).value);
        turned();
      });
    }
  }
  place("knob-form").addEventListener("submit", (event) => event.preventDefault());
  place("reset").addEventListener("click", () => { setKnobs(""); turned(); });

  readView();
  setKnobs(shown.query);
  const curve = controls.curve(place("chart-curve"), data, viewChanged);
  const breakdown = controls.breakdown(place("chart-breakdown"), data, viewChanged);
  place("save").href = "scenario.toml" + (shown.query ? "?" + shown.query : "");
})();
