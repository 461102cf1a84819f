// The sessions that this browser keeps: summaries in a list, their rows in a cache.

const KEY = "mien.sessions";
const MOST_KEPT = 60;

export function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

// False where the browser has no room, or keeps nothing.
export async function keep(summary, rows) {
  const isKept = write([summary, ...kept()].slice(0, MOST_KEPT));
  try {
    const store = await caches.open(KEY);
    await store.put(address(summary.startedAt), new Response(rows));
    await tidy(store);
    return isKept;
  } catch {
    return false;
  }
}

// The rows as CSV. The list has no room for them: they lie in a cache of this browser,
// under addresses that are never asked for.
export async function keptRows(startedAt) {
  return (await globalThis.caches?.match(address(startedAt), { cacheName: KEY }))?.text();
}

export async function erase(startedAt) {
  write(kept().filter((summary) => summary.startedAt !== startedAt));
  await tidy(await caches.open(KEY));
}

export async function eraseAll() {
  localStorage.removeItem(KEY);
  await caches.delete(KEY);
}

function address(startedAt) {
  return new URL(`/live/${startedAt}.csv`, location.href).href;
}

// Rows go with the last of their session.
async function tidy(store) {
  const wanted = new Set(kept().map(({ startedAt }) => address(startedAt)));
  for (const { url } of await store.keys()) {
    if (!wanted.has(url)) await store.delete(url);
  }
}

function write(summaries) {
  try {
    localStorage.setItem(KEY, JSON.stringify(summaries));
    return true;
  } catch {
    return false;
  }
}
