// The whole way with the types that openapi-typescript made of the description: look,
// give, find it again, take it back; train and cancel.

import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Photo = components["schemas"]["Photo"];

const token = process.env.MIEN_TOKEN;
const client = createClient<paths>({
  baseUrl: process.env.MIEN,
  headers: { Authorization: `Bearer ${token}` },
});

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const photo = readFileSync(process.argv[2]!).toString("base64");
const seen = await client.POST("/api/v1/detect", {
  params: { query: { crops: true } },
  body: { photo },
});
const face = (seen.data as Photo).faces[0]!;
check(face.probabilities.happy >= 0, "a probability");

const gift = {
  params: { header: { "Idempotency-Key": crypto.randomUUID() } },
  body: {
    crop: face.crop!,
    token: face.token!,
    emotion: "happy" as const,
    adult: true as const,
    keep: true as const,
    may_be_seen: false,
    may_be_released: false,
  },
};
const given = await client.POST("/api/v1/contributions", gift);
const again = await client.POST("/api/v1/contributions", gift);
check(given.data!.id === again.data!.id, "given once");

const path = { params: { path: { id: given.data!.id } } };
const mine = await client.GET("/api/v1/contributions/{id}", path);
check(mine.data!.status === "waiting", "waiting");
const receipt = await client.DELETE("/api/v1/contributions/{id}", path);
check(receipt.data!.withdrawn[0] === given.data!.id, "taken back");
const gone = await client.GET("/api/v1/contributions/{id}", path);
check(gone.error!.error.code === "not_found", "gone");

const run = await client.POST("/api/v1/trainings", { body: { preset: "quick" } });
const refused = await client.POST("/api/v1/trainings", { body: { preset: "quick" } });
check(refused.error!.error.code === "already_running", "one at a time");
const cancelled = await client.POST("/api/v1/trainings/{id}/cancel", {
  params: { path: { id: run.data!.id } },
});
check(cancelled.data!.status === "cancelled", "cancelled");
console.log("whole way");
