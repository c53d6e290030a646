// The report: charts of the numbers in the page, and their controls.
"use strict";

(() => {
  const numbers = JSON.parse(document.getElementById("numbers").textContent);
  const data = () => numbers;
  const place = (id) => document.getElementById(id);

  if (place("chart-curve")) controls.curve(place("chart-curve"), data);
  if (place("chart-breakdown")) controls.breakdown(place("chart-breakdown"), data);
  if (place("chart-errors")) charts.errors(place("chart-errors"), data);
})();
