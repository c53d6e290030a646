// The report: charts of the numbers in the page, and their controls.
"use strict";

(() => {
  const numbers = JSON.parse(document.getElementById("numbers").textContent);
  const data = () => numbers;
  const place = (id) => document.getElementById(id);

  if (place("chart-curve")) controls.curve(place("chart-curve"), data);
  if (place("chart-breakdown")) controls.breakdown(place("chart-breakdown"), data);
  if (place("chart-errors")) charts.errors(place("chart-errors"), data);
  if (place("chart-bounds")) controls.simple("view-bounds", (view) => charts.bounds(place("chart-bounds"), data, view));
  if (place("chart-overlay")) controls.simple("view-overlay", (view) => charts.overlay(place("chart-overlay"), data, view));
  if (place("chart-overlay-errors")) charts.overlayErrors(place("chart-overlay-errors"), data);
  if (place("view-ranks")) {
    place("view-ranks").addEventListener("change", (event) => {
      document.querySelectorAll("[data-at-ranks]").forEach((part) => { part.hidden = part.dataset.atRanks !== event.target.value; });
    });
  }
})();
