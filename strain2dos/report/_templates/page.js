// Connects the charts of this page: Bokeh draws, this hands it the numbers of the chosen pixel.
(() => {
"use strict";
const read = id => JSON.parse(document.getElementById(id).textContent);
const map = read("map-data");
const $ = id => document.getElementById(id);

// ---- numbers as they were packed
const bytes = words => Uint8Array.from(atob(words), c => c.charCodeAt(0)).buffer;
const halves = words => Float32Array.from(new Uint16Array(bytes(words)), h => {
  const sign = h & 0x8000 ? -1 : 1, power = (h >> 10) & 31, rest = h & 1023;
  if (power === 31) return rest ? NaN : sign * Infinity;
  return sign * (power ? 2 ** (power - 15) * (1 + rest / 1024) : 2 ** -14 * rest / 1024);
});
const x = new Float64Array(bytes(map.x)), y = new Float64Array(bytes(map.y));
const along = new Float64Array(bytes(map.along));
const reason = new Uint8Array(bytes(map.reason)), good = new Uint8Array(bytes(map.good));
const score = map.score && new Float32Array(bytes(map.score));
const n = x.length, [rows, columns] = map.shape, grid = map.kind === "grid";
const quantities = map.quantities.map(q => ({
  ...q, values: new Float32Array(bytes(q.values)), std: q.std && new Float32Array(bytes(q.std)),
  common: q.common && new Float32Array(bytes(q.common))
}));
const lead = quantities[0];
const flags = map.flags.map(flag => ({...flag, codes: new Uint8Array(bytes(flag.codes))}));
const curves = packed => packed && {
  axis: packed.axis, pixels: new Int32Array(bytes(packed.pixels)), scale: new Float32Array(bytes(packed.scale)),
  ...Object.fromEntries(["dos", "std", "intensity", "fit"].filter(k => packed[k]).map(k => [k, halves(packed[k])]))
};
const dos = curves(map.dos), spectra = curves(map.spectra);

// ---- charts
const models = new Map();
const source = name => {
  if (!models.has(name)) {
    const found = Bokeh.documents.map(d => d.get_model_by_name(name)).find(Boolean);
    models.set(name, found || null);
  }
  return models.get(name);
};
const put = (name, data) => { const s = source(name); if (s) s.data = data; };
// Without any curve the chart keeps axes; what they span is not drawn.
function fill(chart, line, data, ends) {
  const name = `${chart}-${line}`, s = source(name), none = !data.x.length;
  put(name, none ? {x: ends, y: [0, 1], low: [0, 0], high: [1, 1]} : data);
  source(chart).renderers.filter(r => r.data_source === s).forEach(r => { r.visible = !none; });
}
const mapNames = () => [...document.querySelectorAll(".chart.map")].map(e => e.id.replace("chart-", ""));

// ---- words
const number = (value, digits) => value.toFixed(digits).replace("-", "\u2212");
const digitsOf = (size, figures) => size ? Math.min(6, Math.max(0, figures - 1 - Math.floor(Math.log10(Math.abs(size))))) : 0;
const format = (q, k) => {
  const value = q.values[k], std = q.std ? q.std[k] : NaN;
  if (!Number.isFinite(value)) return "\u2013";
  const digits = std > 0 ? digitsOf(std, 2) : digitsOf(value, 4), zero = Number(value.toFixed(digits)) === 0;
  let words = (q.signed && (value > 0 || zero) ? "+" : "") + (zero ? (0).toFixed(digits) : number(value, digits));
  if (Number.isFinite(std)) words += ` ± ${std.toFixed(digits)}`;
  if (q.unit.startsWith("10")) words = words.includes("±") ? `(${words}) \u00d7` : `${words} \u00d7`;
  words = `${words} ${q.unit}`.trim();
  if (q.std && Number.isNaN(std)) return `${words} (error not known)`;
  return q.common && q.common[k] > 0.01 * std ? `${words} (common ± ${Number(q.common[k].toPrecision(2))})` : words;
};
const unit = map.unit === "unknown" ? "" : ` ${map.unit === "pixel" ? "px" : map.unit}`;
const place = k => map.kind === "numbers" ? `spectrum ${k + 1}`
  : `x ${Number(x[k].toPrecision(5))}${unit}, y ${Number(y[k].toPrecision(5))}${unit}`.replaceAll("-", "\u2212");

// ---- the chosen pixel
let chosen = -1;
function choose(k) {
  if (k < 0 || k >= n) return;
  chosen = k;
  const spot = map.kind === "grid" || map.kind === "sites" ? [x[k], y[k]] : null;
  for (const name of mapNames()) {
    const q = quantities.find(q => name === `map-${q.name}`) || lead;
    put(`${name}-cursor`, spot ? {x: [spot[0]], y: [spot[1]]} : {x: [along[k]], y: [q.values[k]]});
  }
  const words = map.words[reason[k]] || (!good[k] ? "" : score ? "good, inside the training domain" : "good");
  const lines = [["position", place(k)], ...quantities.map(q => [q.label, format(q, k)])];
  for (const flag of flags) if (flag.words[flag.codes[k]]) lines.push([flag.label, flag.words[flag.codes[k]]]);
  if (score) lines.push(["distance from the training domain", Number.isFinite(score[k]) ? `${number(score[k], 2)} (inside up to 1)` : "\u2013"]);
  lines.push(["status", words]);
  const table = document.createElement("table"), body = table.createTBody();
  for (const [name, value] of lines) {
    const row = body.insertRow(), head = document.createElement("th");
    head.scope = "row"; head.textContent = name; row.append(head);
    const cell = row.insertCell();
    // a narrow cell breaks before the unit with a power of ten, and before the error common to all pixels
    value.split(/ (?=\(common|\u00d7)/).forEach((part, i) => {
      const span = document.createElement("span");
      span.textContent = part; if (i || /\d ±|± \d/.test(part)) span.className = "value";
      cell.append(i ? " " : "", span);
    });
  }
  $("numbers").replaceChildren(table);
  if (dos) showCurve("dos", dos, "dos", "std", k);
  if (spectra) { showCurve("spectrum", spectra, "intensity", null, k, 0); showCurve("spectrum", spectra, "fit", null, k, 1); }
}
function showCurve(chart, table, what, band, k, line = 0) {
  let row = table.pixels.indexOf(k);
  if (row < 0 && good[k]) row = nearest(table.pixels, k);
  const m = table.axis.length, at = j => table.scale[row] * table[what][row * m + j];
  const none = row < 0 || !table[what];
  const values = none ? [] : table.axis.map((_, j) => at(j));
  const spread = values.map((_, j) => band && table[band] ? table.scale[row] * table[band][row * m + j] : 0);
  fill(chart, line, {
    x: none ? [] : table.axis, y: values,
    low: values.map((v, j) => Math.max(0, v - spread[j])), high: values.map((v, j) => v + spread[j])
  }, [table.axis[0], table.axis[m - 1]]);
  const own = row >= 0 && table.pixels[row] === k;
  const words = none ? ": none for this pixel" : own ? "" : `, of the nearest pixel kept: ${place(table.pixels[row])}`;
  note(chart, words);
}
// Where a page holds curves of every n-th pixel only, the nearest one stands for a good pixel, never for one without a result.
const nearest = (pixels, k) => {
  let best = -1, least = Infinity;
  pixels.forEach((p, i) => { if (!good[p]) return; const d = Math.hypot(x[p] - x[k], y[p] - y[k]); if (d < least) { least = d; best = i; } });
  return best;
};
const captions = new Map();
function note(chart, words) {
  const line = $(`chart-${chart}`).parentElement.querySelector("p");
  if (!captions.has(chart)) captions.set(chart, line.textContent);
  line.textContent = captions.get(chart) + words;
}
function closest(px, py) {
  const far = grid || map.kind === "sites" ? k => Math.hypot(x[k] - px, y[k] - py) : k => Math.abs(along[k] - px);
  let best = 0, least = Infinity;
  for (let k = 0; k < n; k++) { const d = far(k); if (d < least) { least = d; best = k; } }
  return best;
}

// ---- quality
const measures = [];
if (score) measures.push({label: "distance from the training domain", values: score, start: 1, digits: 2, unit: ""});
for (const q of quantities) if (q.std) measures.push({label: `error of ${q.label}`, values: q.std, start: null, digits: digitsOf(median(q.std), 3), unit: q.unit});
function median(values) { const s = [...values].filter(Number.isFinite).sort((a, b) => a - b); return s.length ? s[s.length >> 1] : 0; }
const edges = side => {
  const m = side.length; if (m === 1) return [side[0] - .5, side[0] + .5];
  const e = [1.5 * side[0] - .5 * side[1]];
  for (let i = 1; i < m; i++) e.push((side[i - 1] + side[i]) / 2);
  return [...e, 1.5 * side[m - 1] - .5 * side[m - 2]];
};
const ex = grid && edges(Array.from({length: columns}, (_, i) => x[i]));
const ey = grid && edges(Array.from({length: rows}, (_, j) => y[j * columns]));
function boxes(where) {
  const data = {left: [], right: [], bottom: [], top: []};
  for (let j = 0; j < rows; j++) for (let i = 0; i < columns; i++) {
    if (!where(j * columns + i)) continue;
    const start = i; while (i + 1 < columns && where(j * columns + i + 1)) i++;
    data.left.push(ex[start]); data.right.push(ex[i + 1]); data.bottom.push(ey[j]); data.top.push(ey[j + 1]);
  }
  return data;
}
function marks(where, q) {
  const found = []; for (let k = 0; k < n; k++) if (where(k)) found.push(k);
  const sites = map.kind === "sites", base = Math.min(...[...q.values].filter(Number.isFinite));
  return {x: found.map(k => sites ? x[k] : along[k]),
          y: found.map(k => sites ? y[k] : Number.isFinite(q.values[k]) ? q.values[k] : base)};
}
function judge() {
  const measure = measures[Number($("measure").value)], limit = measure ? Number($("threshold").value) : Infinity;
  const lost = k => !Number.isFinite(lead.values[k]);
  const beyond = k => !lost(k) && measure && !(measure.values[k] <= limit);
  for (const name of mapNames()) {
    const q = quantities.find(q => name === `map-${q.name}`) || lead;
    // a map of light may lack pixels that the gap has
    const gone = k => lost(k) || !Number.isFinite(q.values[k]), doubted = k => !gone(k) && beyond(k);
    put(`${name}-dead`, grid ? boxes(gone) : marks(gone, q));
    put(`${name}-outside`, grid ? boxes(doubted) : marks(doubted, q));
  }
  if (!measure) return;
  $("limit").textContent = `${number(limit, measure.digits)} ${measure.unit}`.trim();
  const kept = []; for (let k = 0; k < n; k++) if (!lost(k) && !beyond(k)) kept.push(lead.values[k]);
  const mean = kept.reduce((s, v) => s + v, 0) / kept.length;
  const spread = Math.sqrt(kept.reduce((s, v) => s + (v - mean) ** 2, 0) / kept.length);
  $("kept").textContent = kept.length
    ? `${kept.length} of ${n} kept: ${lead.label} ${number(mean, 3)} ${lead.unit} on average, scattering by ± ${spread.toFixed(3)} ${lead.unit}.`
    : `None of ${n} kept.`;
}
function setMeasure() {
  const measure = measures[Number($("measure").value)], known = [...measure.values].filter(Number.isFinite);
  const most = known.reduce((a, b) => Math.max(a, b), 0), slider = $("threshold");
  slider.max = measure.start ? Math.max(2 * measure.start, Math.min(most, 5 * measure.start)) : most || 1;
  slider.step = slider.max / 500;
  slider.value = measure.start ?? slider.max;
  judge();
}

// ---- a profile: means over the pixels of each step along a line, as strain2dos.mapping.profile gives them
const step = grid && Math.min(...[ex, ey].filter(e => e.length > 2).map(e => { const d = e.slice(1).map((v, i) => v - e[i]).sort((a, b) => a - b); return d[d.length >> 1]; }));
let line = null;
function profile() {
  const q = quantities[Number($("profiled").value)];
  const [x0, y0, x1, y1] = line, length = Math.hypot(x1 - x0, y1 - y0);
  for (const name of mapNames()) put(`${name}-strip`, {x: [x0, x1], y: [y0, y1]});
  if (!(length > 0)) return;
  const ux = (x1 - x0) / length, uy = (y1 - y0) / length, bins = Math.floor(length / step + 1e-9) + 1;
  const sum = new Float64Array(bins), error = new Float64Array(bins), count = new Float64Array(bins);
  for (let k = 0; k < n; k++) {
    const dx = x[k] - x0, dy = y[k] - y0, b = Math.floor((dx * ux + dy * uy) / step + 0.5 + 1e-9);
    if (b < 0 || b >= bins || Math.abs(dy * ux - dx * uy) > step / 2 * (1 + 1e-9) || !good[k] || !Number.isFinite(q.values[k])) continue;
    sum[b] += q.values[k]; count[b] += 1; if (q.std) error[b] += q.std[k];
  }
  const at = [...sum.keys()].filter(b => count[b]);
  const mean = at.map(b => sum[b] / count[b]), spread = at.map(b => q.std ? error[b] / count[b] : 0);
  fill("profile", 0, {x: at.map(b => b * step), y: mean, low: mean.map((v, i) => v - spread[i]), high: mean.map((v, i) => v + spread[i])}, [0, length]);
  const chart = source("profile");
  if (chart) {
    chart.below[0].axis_label = `Distance${unit ? ` (${unit.trim()})` : ""}`;
    chart.left[0].axis_label = `${q.label}${q.unit ? ` (${q.unit})` : ""}`;
  }
  ["x0", "y0", "x1", "y1"].forEach((id, i) => { if (document.activeElement !== $(id)) $(id).value = Number(line[i].toPrecision(5)); });
}
const within = (v, e) => Math.min(Math.max(v, Math.min(e[0], e[e.length - 1])), Math.max(e[0], e[e.length - 1]));
const draw = (x0, y0, x1, y1) => { line = [within(x0, ex), within(y0, ey), within(x1, ex), within(y1, ey)]; profile(); };

// ---- what a reader does
let from = null;
window.strain2dos = {
  pick: (px, py) => choose(closest(px, py)),
  start: (px, py) => { if (grid) from = [px, py]; },
  drag: (px, py) => { if (from) draw(...from, px, py); },
  end: (px, py) => { if (from) draw(...from, px, py); from = null; }
};
function keys(event) {
  const flip = map.unit === "pixel" ? -1 : 1;  // a table without positions is shown as it is read
  const moves = {ArrowRight: 1, ArrowLeft: -1, ArrowUp: flip * columns, ArrowDown: -flip * columns};
  if (!(event.key in moves)) return;
  event.preventDefault();
  const move = grid ? moves[event.key] : Math.sign(moves[event.key]);
  const column = chosen % columns;
  if (grid && (event.key === "ArrowRight" && column === columns - 1 || event.key === "ArrowLeft" && column === 0)) return;
  choose(chosen + move);
}

// ---- colors of the page in the charts
function theme(dark) {
  const ink = dark ? "#e6eaf0" : "#1c2430", soft = dark ? "#a3adba" : "#5a6675", line = dark ? "#333d4a" : "#d9dfe6";
  for (const model of Bokeh.documents.flatMap(d => [...d.all_models])) {
    const set = values => Object.entries(values).forEach(([key, value]) => { if (key in model.properties) model[key] = value; });
    if (model.type.endsWith("Axis")) set({axis_label_text_color: ink, major_label_text_color: ink, axis_line_color: soft, major_tick_line_color: soft, minor_tick_line_color: soft});
    else if (model.type === "ColorBar") set({title_text_color: ink, major_label_text_color: ink, major_tick_line_color: soft});
    else if (model.type === "Grid") set({grid_line_color: line});
    else if (model.type === "Legend") set({label_text_color: ink});
    else if (model.type === "GlyphRenderer" && !grid && /-outside$/.test(model.data_source.name)) model.glyph.line_color = ink;
    else if (model.type === "Figure" || model.type === "Plot") set({outline_line_color: line});
  }
}

async function begin() {
  const views = await Promise.all(read("map-charts").map(item => Bokeh.embed.embed_item(item)));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const recolor = () => theme(dark.matches);
  dark.addEventListener("change", recolor);
  recolor();
  // Charts keep the width of the screen, so paper gets copies of them that shrink with their column.
  addEventListener("beforeprint", () => {
    theme(false);
    for (const view of views.flatMap(manager => [...manager.roots ?? manager])) {
      view.paint?.();
      const copy = view.export("png", true).canvas;
      copy.className = "paper"; copy.style = "";
      document.getElementById(`chart-${view.model.name}`)?.append(copy);
    }
  });
  addEventListener("afterprint", () => { document.querySelectorAll("canvas.paper").forEach(c => c.remove()); recolor(); });
  document.querySelectorAll(".chart.map").forEach(e => e.addEventListener("keydown", keys));
  measures.forEach((m, i) => $("measure").add(new Option(m.label, i)));
  if (measures.length) {
    $("measure").addEventListener("change", setMeasure);
    $("threshold").addEventListener("input", judge);
    setMeasure();
  } else { $("measure").closest(".controls").hidden = true; judge(); }
  if (grid) {
    quantities.forEach((q, i) => $("profiled").add(new Option(q.label, i)));
    $("profiled").addEventListener("change", profile);
    for (const id of ["x0", "y0", "x1", "y1"]) $(id).addEventListener("change", () => draw(...["x0", "y0", "x1", "y1"].map(i => Number($(i).value))));
    const middle = y[(rows >> 1) * columns];
    draw(x[0], middle, x[columns - 1], middle);
  }
  const known = [...lead.values.keys()].filter(k => Number.isFinite(lead.values[k]));
  choose(known.length ? known[known.length >> 1] : n >> 1);
  document.documentElement.dataset.ready = "yes";
}
begin();
})();
