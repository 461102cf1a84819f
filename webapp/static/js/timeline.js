// Charts of a session: one band for each expression over time, as SVG, and the picture
// that can be saved. Colours are attributes, so that the picture stands without a page;
// on a page the style sheet sets those that follow the theme.

import { percent } from "./said.js";

const NS = "http://www.w3.org/2000/svg";
const BAND = 26;
const GAP = 5;
const WIDE_ENOUGH = 560; // px: below it the labels are emojis only
const INK = "#1f1c19";
const MUTED = "#655f57";
const GROUND = "#f1eee9";
const SANS = '"Segoe UI", Roboto, "Liberation Sans", sans-serif';
const TICKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];

export function element(name, attributes = {}, ...children) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function label(text, x, y, attributes = {}) {
  const { size = 13, ...rest } = attributes;
  const style = { x, y, fill: MUTED, "font-family": SANS, "font-size": size, ...rest };
  return element("text", style, text);
}

// m:ss, as on a stopwatch.
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// `columns`: seven percents or null each; they span `seconds` from `from` on.
export function timeline({ columns, seconds, from = 0, width, words }) {
  const { emotions } = words;
  const left = width < WIDE_ENOUGH ? 30 : 110;
  const inner = Math.max(40, width - left - 4);
  const height = emotions.length * (BAND + GAP);
  const group = element("g");
  emotions.forEach(({ word, emoji, colour }, i) => {
    const top = i * (BAND + GAP);
    const middle = top + BAND / 2 + 5;
    const ground = { x: left, y: top, width: inner, height: BAND, rx: 4 };
    group.append(
      element("rect", { ...ground, class: "ground", fill: GROUND }),
      label(emoji, 0, middle, { class: "emoji", size: 16, "font-family": "sans-serif" }),
      element("path", { d: area(columns, i, left, top, inner), fill: colour }),
    );
    if (left > 30) group.append(label(word, 28, middle));
  });
  group.append(...axis(seconds, from, left, inner, height, words));
  return { group, height: height + 40 };
}

function area(columns, place, left, top, width) {
  const step = width / columns.length;
  const base = top + BAND;
  let path = "";
  columns.forEach((column, i) => {
    if (!column) return;
    const x = left + i * step;
    const y = base - (column[place] / 100) * BAND;
    const isFirst = !columns[i - 1];
    path += isFirst ? `M${x.toFixed(1)} ${base}` : "";
    path += `L${x.toFixed(1)} ${y.toFixed(1)}L${(x + step).toFixed(1)} ${y.toFixed(1)}`;
    if (!columns[i + 1]) path += `L${(x + step).toFixed(1)} ${base}Z`;
  });
  return path;
}

function axis(seconds, from, left, width, y, words) {
  const most = Math.max(2, Math.floor(width / 90));
  const step = TICKS.find((tick) => seconds / tick <= most) ?? 7200;
  const marks = [];
  for (let t = Math.ceil(from / step) * step; t <= from + seconds + 1e-6; t += step) {
    const x = left + ((t - from) / (seconds || 1)) * width;
    const end = { "text-anchor": x > left + width - 16 ? "end" : "middle" };
    marks.push(label(clock(t), x, y + 16, x < left + 8 ? {} : end));
  }
  marks.push(
    label(words.time_axis, left + width, y + 34, { "text-anchor": "end" }),
  );
  return marks;
}

export function chart(host, options) {
  const width = host.clientWidth || 640;
  const { group, height } = timeline({ ...options, width });
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  const svg = element(
    "svg",
    { ...size, class: "timeline", role: "img", "aria-label": options.words.timeline },
    group,
  );
  host.replaceChildren(svg);
}

// One slim bar of all expressions, by their share.
export function strip(shares, words) {
  const svg = element("svg", {
    class: "strip",
    viewBox: "0 0 100 10",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  let x = 0;
  for (const { name, colour } of words.emotions) {
    const width = 100 * (shares[name] ?? 0);
    svg.append(element("rect", { x, width, height: 10, fill: colour }));
    x += width;
  }
  return svg;
}

// --- the picture of a summary

export async function picture(summary, { title, length, moments, words }) {
  const width = 1200;
  const svg = element("svg", { xmlns: NS, width, height: 760, viewBox: "0 0 1200 760" });
  svg.append(
    element("rect", { width, height: 760, fill: "#faf9f6" }),
    label(title, 60, 84, { size: 40, fill: INK, "font-family": "Georgia, serif" }),
    label(length, 60, 122, { size: 20 }),
  );
  words.emotions.forEach(({ name, word, emoji, colour }, i) => {
    const y = 180 + i * 30;
    const share = summary.shares[name];
    svg.append(
      label(emoji, 60, y + 6, { size: 20, "font-family": "sans-serif" }),
      label(word, 100, y + 6, { size: 18, fill: INK }),
      element("rect", { x: 200, y: y - 5, width: 300, height: 10, rx: 5, fill: GROUND }),
      element("rect", { x: 200, y: y - 5, width: 300 * share, height: 10, rx: 5, fill: colour }),
      label(percent(share), 570, y + 6, { size: 18, "text-anchor": "end" }),
    );
  });
  moments.slice(0, 7).forEach((text, i) => {
    svg.append(label(text, 660, 186 + i * 30, { size: 18, fill: INK }));
  });
  const { columns, seconds } = summary;
  const { group } = timeline({ columns, seconds, width: width - 120, words });
  group.setAttribute("transform", "translate(60 450)");
  svg.append(group);
  return toPng(svg, width, 760);
}

async function toPng(svg, width, height) {
  const source = new XMLSerializer().serializeToString(svg);
  const img = new Image();
  img.src = URL.createObjectURL(new Blob([source], { type: "image/svg+xml" }));
  try {
    await img.decode();
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d").drawImage(img, 0, 0);
    return await canvas.convertToBlob({ type: "image/png" });
  } finally {
    URL.revokeObjectURL(img.src);
  }
}
