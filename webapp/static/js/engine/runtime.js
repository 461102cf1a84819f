// ONNX Runtime in WebAssembly, on one thread, from the site's own files.

import { refusal } from "./refusal.js";

let ort = null;

// `files`: the addresses of its script, of its glue and of its WebAssembly.
export async function start({ script, glue, wasm }) {
  try {
    ort = await import(script);
  } catch (error) {
    throw refusal("fetch", error);
  }
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { mjs: glue, wasm };
}

// `file`: where a network lies, and the hash that the browser holds it to.
export async function openNetwork({ url, integrity }) {
  const bytes = await fetched(url, integrity);
  try {
    return await ort.InferenceSession.create(bytes, { graphOptimizationLevel: "all" });
  } catch (error) {
    throw refusal(whyNot(error), error);
  }
}

async function fetched(url, integrity) {
  try {
    const response = await fetch(url, { integrity });
    if (!response.ok) throw new Error(`${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw refusal("fetch", error);
  }
}

// ONNX Runtime says in words alone what went wrong.
function whyNot(error) {
  if (/fetch|network|load/i.test(error.message)) return "fetch";
  return error instanceof RangeError || /memory|allocat/i.test(error.message)
    ? "memory"
    : "broken";
}

export function tensor(values, shape) {
  return new ort.Tensor("float32", values, shape);
}
