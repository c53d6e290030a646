// What is shown of the charts: quantity and axes of the curve, seconds or shares of the breakdown.
"use strict";

const controls = (() => {
  const inputs = (form) => [...form.querySelectorAll("input")];

  // Ties the inputs of a form to a view: radio buttons by their value, boxes by whether they are checked.
  function bind(form, view, changed) {
    for (const input of inputs(form)) {
      if (input.type === "radio" && input.checked) view[input.name] = input.value;
      if (input.type === "checkbox") view[input.name] = input.checked;
      input.addEventListener("change", () => {
        view[input.name] = input.type === "radio" ? input.value : input.checked;
        changed();
      });
    }
  }

  function curve(root, data, changed) {
    const view = {};
    let chart = null;
    bind(document.getElementById("view-curve"), view, () => { chart.draw(); if (changed) changed(view); });
    chart = charts.curve(root, data, view);
    return chart;
  }

  function breakdown(root, data, changed) {
    const view = { hidden: new Set() };
    let chart = null;
    bind(document.getElementById("view-breakdown"), view, () => { chart.draw(); if (changed) changed(view); });
    chart = charts.breakdown(root, data, view);
    return chart;
  }

  // A chart whose form holds nothing but what is shown of it.
  function simple(form, make) {
    const view = {};
    let chart = null;
    bind(document.getElementById(form), view, () => chart.draw());
    chart = make(view);
    return chart;
  }

  return { curve, breakdown, simple };
})();
