// The summary of a session on the page, and the sessions that this browser keeps.

import { erase, eraseAll, keep, kept, keptRows } from "./kept_sessions.js";
import { counted, percent } from "./said.js";
import { csv, people, summarise } from "./session.js";
import { chart, clock, picture, strip } from "./timeline.js";

const root = document.querySelector("[data-live]");
const part = (name) => root.querySelector(`[data-${name}]`);
let shown = null; // {summary, rows as CSV if there are any, words, whom: a summary or a person's}

export async function showSummary(session, words) {
  const names = words.emotions.map(({ name }) => name);
  const summary = {
    ...summarise(session, names, words.session),
    people: people(session, names, words.session),
  };
  const rows = csv(session, names);
  show(summary, rows, words);
  part("not-kept").hidden = await keep(summary, rows);
  part("not-kept").textContent = words.not_kept;
  showPast(words);
}

function show(summary, rows, words) {
  shown = { summary, rows, words };
  part("summary").hidden = false;
  part("summary-title").textContent = title(summary, words);
  part("summary-length").textContent = length(summary, words);
  const briefest = (1000 * words.session.flash.least_looks) / Math.max(summary.rate, 1);
  const looks = Math.round(summary.rate);
  part("flash-limit").textContent = counted(words.flash_limit, looks)
    .replace("{rate}", looks)
    .replace("{ms}", Math.round(briefest));
  offerPeople(summary, words);
  showOf(summary);
  // The browser may have thrown the rows away, for want of room.
  part("summary").querySelector('[data-save="csv"]').disabled = !rows;
  part("summary").scrollIntoView({ block: "start" });
  part("summary-title").focus({ preventScroll: true });
}

// Everybody, or one person: shares, moments and timeline are of the same faces.
function offerPeople({ people = [] }, words) {
  const everybody = new Option(words.everybody, "");
  const each = people.map(({ seconds }, i) => {
    const name = words.person.replace("{number}", i + 1);
    return new Option(name.replace("{length}", clock(seconds)), i);
  });
  part("person").replaceChildren(everybody, ...each);
  part("people").hidden = !people.length;
}

// `whom`: the summary, or one person's part of it.
function showOf(whom) {
  const { summary, words } = shown;
  shown.whom = whom;
  part("shares").replaceChildren(...shareRows(whom.shares, words));
  const none = summary.faces ? words.no_moments : words.no_faces;
  list("moments", momentTexts(whom, words), none);
  list("flashes", flashTexts(whom, words), words.no_flashes);
  const over = { columns: whom.columns, seconds: summary.seconds, words };
  chart(part("summary-timeline"), over);
  part("summary-table").replaceChildren(...table(over, words));
}

part("person").addEventListener("change", ({ target }) => {
  showOf(target.value ? shown.summary.people[target.value] : shown.summary);
});

function title({ startedAt }, words) {
  return words.session_of.replace("{date}", date(startedAt));
}

function date(text) {
  // As the site writes dates: 28 Nov 2026, 11:20.
  const { lang } = document.documentElement;
  const locale = lang === "en" ? "en-GB" : lang;
  return new Date(text).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

function length({ seconds, faces, rate }, words) {
  const looks = Math.round(rate);
  return words.length
    .replace("{length}", clock(seconds))
    .replace("{faces}", counted(words.faces, faces).replace("{count}", faces))
    .replace("{rate}", counted(words.rate, looks).replace("{rate}", looks));
}

function shareRows(shares, words) {
  const most = Math.max(...Object.values(shares));
  const template = root.querySelector("[data-bars]");
  return words.emotions.map(({ name }) => {
    const row = template.querySelector(`[data-bar-of="${name}"]`).cloneNode(true);
    row.classList.toggle("is-winner", shares[name] === most && most > 0);
    row.querySelector(".part").setAttribute("width", (100 * shares[name]).toFixed(1));
    row.querySelector(".value").textContent = percent(shares[name]);
    return row;
  });
}

// [emoji, sentence] of each
function momentTexts({ moments }, words) {
  return moments.map(({ t, emotion, share }) => {
    const { emoji, word } = words.emotions.find(({ name }) => name === emotion);
    const text = words.at.replace("{emotion}", word).replace("{share}", percent(share));
    return [emoji, text.replace("{time}", clock(t))];
  });
}

function flashTexts({ flashes }, words) {
  return flashes.map(({ t, emotion, ms }) => {
    const { emoji, word } = words.emotions.find(({ name }) => name === emotion);
    const text = words.flash.replace("{emotion}", word).replace("{ms}", ms);
    return [emoji, text.replace("{time}", clock(t))];
  });
}

function list(name, texts, nothing) {
  const rows = (texts.length ? texts : [["", nothing]]).map(([emoji, text]) => {
    const row = document.createElement("li");
    const sign = document.createElement("span");
    sign.className = "emoji";
    sign.textContent = emoji;
    row.append(...(emoji ? [sign, text] : [text]));
    row.classList.toggle("muted", !texts.length);
    return row;
  });
  part(name).replaceChildren(...rows);
}

// At most twelve rows: the same columns as the chart, averaged.
function table({ columns, seconds }, words) {
  const cell = (kind, text) => {
    const made = document.createElement(kind);
    made.textContent = text;
    if (kind === "th") made.scope = "col";
    return made;
  };
  const row = (kind, texts) => {
    const made = document.createElement("tr");
    made.append(...texts.map((text) => cell(kind, text)));
    return made;
  };
  const head = document.createElement("thead");
  const body = document.createElement("tbody");
  head.append(row("th", [words.time, ...words.emotions.map(({ word }) => word)]));
  const size = Math.ceil(columns.length / 12);
  for (let i = 0; i < columns.length; i += size) {
    const group = columns.slice(i, i + size).filter(Boolean);
    const means = words.emotions.map((_, k) =>
      group.length ? percent(group.reduce((sum, c) => sum + c[k], 0) / group.length / 100) : "–",
    );
    body.append(row("td", [clock((i / columns.length) * seconds), ...means]));
  }
  return [head, body];
}

// --- saving

async function save(kind) {
  const { summary, rows, words, whom } = shown;
  const texts = [...momentTexts(whom, words), ...flashTexts(whom, words)];
  const blob = {
    csv: () => new Blob([rows], { type: "text/csv" }),
    json: () => new Blob([JSON.stringify(summary, null, 2)], { type: "application/json" }),
    png: () =>
      picture({ ...summary, shares: whom.shares, columns: whom.columns }, {
        title: title(summary, words),
        length: length(summary, words),
        moments: texts.map((text) => text.join(" ")),
        words,
      }),
  };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await blob[kind]());
  link.download = `mien-${summary.startedAt.slice(0, 19).replaceAll(":", "-")}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save]");
  if (button) save(button.dataset.save);
});
addEventListener("resize", () => {
  if (!shown || part("summary").hidden) return;
  const { summary, whom, words } = shown;
  chart(part("summary-timeline"), { columns: whom.columns, seconds: summary.seconds, words });
});

// --- past sessions

export function showPast(words) {
  const summaries = kept();
  const rows = summaries.map((summary) => pastRow(summary, words));
  part("sessions").replaceChildren(...rows);
  part("erase-all").hidden = !summaries.length;
  const seconds = summaries.reduce((sum, summary) => sum + summary.seconds, 0);
  const count = summaries.length;
  part("period").textContent = (count ? counted(words.period, count) : words.none_kept)
    .replace("{count}", count)
    .replace("{length}", clock(seconds));
  part("period-chart").replaceChildren(...(summaries.length > 1 ? [period(summaries, words)] : []));
  part("erase-all").onclick = async () => {
    if (!confirm(words.erase_all)) return;
    await eraseAll();
    showPast(words);
  };
}

// The shares of all sessions together, each as long as it was.
function period(summaries, words) {
  const all = summaries.reduce((sum, { seconds }) => sum + seconds, 0) || 1;
  const shares = Object.fromEntries(
    words.emotions.map(({ name }) => [
      name,
      summaries.reduce((sum, one) => sum + one.shares[name] * one.seconds, 0) / all,
    ]),
  );
  const bars = document.createElement("ol");
  bars.className = "bars";
  bars.append(...shareRows(shares, words));
  return bars;
}

function pastRow(summary, words) {
  const row = document.createElement("li");
  const when = document.createElement("span");
  when.className = "when num";
  when.textContent = `${date(summary.startedAt)} · ${length(summary, words)}`;
  const open = button(words.show, "is-plain", async () => {
    show(summary, await keptRows(summary.startedAt), words);
  });
  const bin = button("×", "is-plain", async () => {
    await erase(summary.startedAt);
    showPast(words);
  });
  bin.setAttribute("aria-label", words.erase_one.replace("{date}", date(summary.startedAt)));
  row.append(when, strip(summary.shares, words), open, bin);
  return row;
}

function button(text, kind, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = `button is-small ${kind}`;
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}
