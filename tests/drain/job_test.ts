import { assertEquals } from "@std/assert";
import type { Refusal, Target } from "../../lib/deliver/target.ts";
import { discard } from "../../lib/deliver/discard.ts";
import { jobsOf } from "../../lib/drain/job.ts";

const named = (name: string): Target => ({ ...discard(), name });
const near = named("lmtp:near"), far = named("smtp:far");
const noWay: Refusal = {
  ...{ type: "never", code: 550, enhanced: "5.7.1", text: "no" },
};
const way = (recipient: string) =>
  recipient.endsWith("@far") ? far : recipient.endsWith("@none") ? noWay : near;

const shown = (recipients: string[], slow: string[] = []) => {
  const { jobs, astray } = jobsOf(
    recipients,
    way,
    (lane) => slow.includes(lane),
  );
  return [
    ...jobs.map(({ lane, recipients }) => `${lane}: ${recipients}`),
    ...astray.map(({ recipient, refusal }) => `${recipient}: ${refusal.code}`),
  ];
};

Deno.test("a target is handed all its recipients together", () => {
  assertEquals(shown(["a@One", "b@far", "c@one", "d"]), [
    "lmtp:near *: a@One,c@one,d",
    "smtp:far far: b@far",
  ]);
  assertEquals(shown(["a@One", "c@one"]), ["lmtp:near one: a@One,c@one"]);
});

Deno.test("those of a domain that hangs are on their own", () => {
  assertEquals(
    shown(["a@one", "b@hangs", "c@two", "d@hangs"], ["lmtp:near hangs"]),
    ["lmtp:near hangs: b@hangs,d@hangs", "lmtp:near *: a@one,c@two"],
  );
});

Deno.test("who has no way is told apart", () => {
  assertEquals(shown(["a@none", "b@one"]), [
    "lmtp:near one: b@one",
    "a@none: 550",
  ]);
});
