"use strict";
const told = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const DAY = 86400000, first = Date.parse(told.first);
const dateOf = (index) => new Date(first + index * DAY);
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const show = (value) => (value === null || value === undefined ? "–" : whole.format(value));
const day = new Intl.DateTimeFormat("en", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const month = new Intl.DateTimeFormat("en", { month: "short", timeZone: "UTC" });
let chosen = 0, cursor = null, frame = null;

function element(name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function cell(row, text, tag = "td", kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  row.append(made);
  return made;
}

/* Forecasts as one series by day: those of the days kept from the fit, then the coming week. */
function series(depot, name) {
  const values = new Array(told.days).fill(null);
  (depot.held[name] || []).forEach((value, at) => { values[told.held + at] = value; });
  (depot.week[name] || []).forEach((value, at) => { values[told.known + at] = value; });
  return values;
}

function niceStep(most) {
  const rough = Math.max(most, 1) / 4, power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
}

function path(values, x, y) {
  let drawn = "", pen = false;
  values.forEach((value, at) => {
    if (value === null || value === undefined) { pen = false; return; }
    drawn += `${pen ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = true;
  });
  return drawn;
}

function bandPath(low, high, x, y) {
  const runs = [];
  let run = [];
  low.forEach((value, at) => {
    if (value === null) { if (run.length) runs.push(run); run = []; } else run.push(at);
  });
  if (run.length) runs.push(run);
  return runs.map((days) => {
    const up = days.map((at) => `${x(at).toFixed(1)} ${y(high[at]).toFixed(1)}`);
    const down = days.slice().reverse().map((at) => `${x(at).toFixed(1)} ${y(low[at]).toFixed(1)}`);
    return `M${up.join("L")}L${down.join("L")}Z`;
  }).join("");
}

function draw() {
  const svg = byId("chart"), depot = told.depots[chosen];
  const width = svg.clientWidth || 800, height = svg.clientHeight || 320;
  const start = width < 560 ? Math.max(told.held - 14, 0) : 0;
  const point = series(depot, "point"), low = series(depot, "low"), high = series(depot, "high");
  const naive = series(depot, "naive");
  const all = [...depot.seen.slice(start), ...point, ...high, ...naive].filter((v) => v !== null && v !== undefined);
  const most = Math.max(...all, 1), step = niceStep(most), top = Math.ceil(most / step) * step;
  const left = 12 + 8 * show(top).length, right = 12, bottom = 26, head = 20;
  const x = (at) => left + ((at - start) / (told.days - 1 - start)) * (width - left - right);
  const y = (value) => head + (1 - value / top) * (height - head - bottom);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const add = (name, attributes, text) => svg.append(element(name, attributes, text));
  for (let value = 0; value <= top; value += step) {
    add("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) });
    add("text", { x: left - 7, y: y(value) + 4, "text-anchor": "end" }, show(value));
  }
  const every = Math.ceil(((told.days - start) * 70) / (width - left) / 7) * 7;
  for (let at = start; at < told.days; at++) {
    const date = dateOf(at), since = (told.known - at) % every;
    if (since === 0) add("text", { x: x(at), y: height - 7, "text-anchor": "middle" }, `${date.getUTCDate()} ${month.format(date)}`);
  }
  add("rect", { class: "future", x: x(told.known - 0.5), y: head, width: width - right - x(told.known - 0.5), height: height - head - bottom });
  const labels = width < 560 ? ["held out", "next"] : ["kept from the fit", "coming week"];
  for (const [at, label] of [[told.held, labels[0]], [told.known, labels[1]]]) {
    add("line", { class: "today", x1: x(at - 0.5), x2: x(at - 0.5), y1: head - 4, y2: height - bottom });
    const end = at === told.known;
    add("text", { x: x(at - 0.5) + (end ? width - right - x(at - 0.5) : 5), y: 12, "text-anchor": end ? "end" : "start" }, label);
  }
  const line = { fill: "none", "stroke-linejoin": "round" };
  const clipped = (values) => values.map((value, at) => (at < start ? null : value));
  add("path", { class: "band-area", d: bandPath(low, high, x, y) });
  add("path", { ...line, class: "naive-line", "stroke-width": 1.3, d: path(naive, x, y) });
  add("path", { ...line, class: "seen-line", "stroke-width": 1.6, d: path(clipped(depot.seen), x, y) });
  add("path", { ...line, class: "told-line", "stroke-width": 2.4, d: path(point, x, y) });
  if (cursor !== null) add("line", { class: "cursor", x1: x(cursor), x2: x(cursor), y1: head, y2: height - bottom });
  frame = { start, left, right, width };
  read(depot, point, low, high, naive);
}

function read(depot, point, low, high, naive) {
  if (cursor === null) return;
  const parts = [day.format(dateOf(cursor)) + (told.named[cursor] ? `, ${told.named[cursor]}` : "")];
  if (cursor < told.known) parts.push(`counted ${show(depot.seen[cursor])}`);
  if (point[cursor] !== null) parts.push(`forecast ${show(point[cursor])}` + (low[cursor] !== null ? ` (${show(low[cursor])} to ${show(high[cursor])})` : ""));
  if (naive[cursor] !== null) parts.push(`last week ${show(naive[cursor])}`);
  byId("read").textContent = parts.join(" · ");
}

function weekTable(depot) {
  const head = byId("week").tHead, body = byId("week").tBodies[0], total = (values) =>
    values.some((value) => value === null) ? null : values.reduce((a, b) => a + b, 0);
  head.replaceChildren(); body.replaceChildren();
  const before = depot.seen.slice(told.known - 7, told.known), ends = depot.week.low;
  const names = head.insertRow();
  for (const name of ["Day", "Expected", ...(ends ? ["80 %"] : []), "Before"]) cell(names, name, "th").scope = "col";
  depot.week.point.forEach((value, at) => {
    const row = body.insertRow(), named = told.named[told.known + at];
    cell(row, day.format(dateOf(told.known + at)) + (named ? `, ${named}` : ""), "td", named ? "words" : "");
    cell(row, show(value), "td", "strong");
    if (ends) cell(row, value === null ? "–" : `${show(ends[at])}–${show(depot.week.high[at])}`);
    cell(row, show(before[at]));
  });
  const row = body.insertRow();
  row.className = "sum";
  cell(row, "Week");
  cell(row, show(total(depot.week.point)));
  if (ends) cell(row, "");
  cell(row, show(total(before)));
}

function choose(index, remember = true) {
  chosen = (index + told.depots.length) % told.depots.length;
  const depot = told.depots[chosen];
  byId("depot").value = String(chosen);
  byId("depot-title").textContent = depot.site + (depot.city ? `, ${depot.city}` : "");
  document.title = `${depot.site} – Harbor Fleet`;
  byId("note").textContent = depot.note;
  byId("note").hidden = !depot.note;
  if (remember) history.replaceState(null, "", `#depot=${encodeURIComponent(depot.site)}`);
  weekTable(depot);
  draw();
}

function fromAddress() {
  const asked = /^#depot=(.*)$/.exec(location.hash);
  if (!asked) return;
  let name = asked[1];
  try { name = decodeURIComponent(name); } catch { return; }
  const index = told.depots.findIndex((depot) => depot.site === name);
  if (index >= 0) choose(index, false);
}

function fillSelect() {
  const select = byId("depot"), groups = new Map();
  told.depots.forEach((depot, index) => {
    const option = new Option(depot.site, String(index));
    if (!depot.city) { select.append(option); return; }
    if (!groups.has(depot.city)) {
      const group = document.createElement("optgroup");
      group.label = depot.city;
      groups.set(depot.city, group);
      select.append(group);
    }
    groups.get(depot.city).append(option);
  });
}

const columns = {
  site: (d) => d.site, city: (d) => d.city, tomorrow: (d) => d.week.point[0],
  week: (d) => d.week.point.reduce((a, b) => (a === null || b === null ? null : a + b), 0),
  wape: (d) => d.wape, naive: (d) => d.naiveWape, note: (d) => d.note,
};
let order = { by: "week", down: true };

function allTable() {
  const body = byId("all").tBodies[0], wanted = byId("find").value.toLowerCase(), value = columns[order.by];
  const rows = told.depots.map((depot, index) => ({ depot, index })).slice(1)
    .filter(({ depot }) => `${depot.site} ${depot.city} ${depot.note}`.toLowerCase().includes(wanted));
  rows.sort((a, b) => {
    const [left, right] = [value(a.depot), value(b.depot)];
    if (left === null || right === null) return (left === null) - (right === null);
    const sign = typeof left === "string" ? left.localeCompare(right) : left - right;
    return order.down ? -sign : sign;
  });
  body.replaceChildren();
  for (const { depot } of rows) {
    const row = body.insertRow(), link = document.createElement("a");
    link.href = `#depot=${encodeURIComponent(depot.site)}`;
    link.textContent = depot.site;
    cell(row, "").append(link);
    if (told.cities) cell(row, depot.city, "td", "words");
    cell(row, show(columns.tomorrow(depot)));
    cell(row, show(columns.week(depot)));
    cell(row, depot.wape === null ? "–" : `${depot.wape.toFixed(1)} %`);
    cell(row, depot.naiveWape === null ? "–" : `${depot.naiveWape.toFixed(1)} %`);
    cell(row, depot.note, "td", "words");
  }
  for (const head of byId("all").tHead.rows[0].cells) {
    head.setAttribute("aria-sort", head.dataset.by === order.by ? (order.down ? "descending" : "ascending") : "none");
  }
}

function point(event) {
  const box = byId("chart").getBoundingClientRect();
  const share = (event.clientX - box.left - frame.left) / (frame.width - frame.left - frame.right);
  const at = Math.round(frame.start + share * (told.days - 1 - frame.start));
  cursor = Math.min(Math.max(at, frame.start), told.days - 1);
  draw();
}

fillSelect();
byId("depot").addEventListener("change", (event) => choose(Number(event.target.value)));
byId("before").addEventListener("click", () => choose(chosen - 1));
byId("after").addEventListener("click", () => choose(chosen + 1));
byId("find").addEventListener("input", allTable);
byId("chart").addEventListener("pointermove", point);
byId("chart").addEventListener("pointerdown", point);
byId("chart").addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -7, PageDown: 7 };
  if (!(event.key in moves)) return;
  event.preventDefault();
  cursor = Math.min(Math.max((cursor ?? told.known - 1) + moves[event.key], frame.start), told.days - 1);
  draw();
});
for (const head of byId("all").tHead.rows[0].cells) {
  head.firstElementChild.addEventListener("click", () => {
    const same = order.by === head.dataset.by;
    order = { by: head.dataset.by, down: same ? !order.down : head.dataset.by !== "site" && head.dataset.by !== "city" };
    allTable();
  });
}
const dark = matchMedia("(prefers-color-scheme: dark)");
function theme(flip) {
  const root = document.documentElement, now = root.dataset.theme || (dark.matches ? "dark" : "light");
  if (flip) root.dataset.theme = now === "dark" ? "light" : "dark";
  const after = root.dataset.theme || now;
  byId("theme").textContent = after === "dark" ? "Light" : "Dark";
  byId("theme").setAttribute("aria-pressed", String(after === "dark"));
}
byId("theme").addEventListener("click", () => theme(true));
addEventListener("hashchange", () => { fromAddress(); if (location.hash.startsWith("#depot=")) byId("depot-title").scrollIntoView({ block: "start" }); });
addEventListener("resize", draw);
theme(false);
allTable();
choose(0, false);
fromAddress();
