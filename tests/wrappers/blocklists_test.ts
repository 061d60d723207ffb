import { assertEquals } from "@std/assert";
import type { Lookup } from "../../lib/net/resolver.ts";
import { type BlockList, judge } from "../../lib/wrappers/blocklists.ts";

/** What the DNS says, by name and type; else that there is none. */
const zone: Record<string, Lookup> = {
  "4.3.2.1.bad.example TXT": { type: "found", records: ["go ", "away\x01"] },
  "4.3.2.1.bad.example A": { type: "found", records: ["127.0.0.2"] },
  "4.3.2.1.good.example A": { type: "found", records: ["127.0.0.2"] },
  "4.3.2.1.down.example TXT": { type: "failed", reason: "server failure" },
  "4.3.2.1.down.example A": { type: "failed", reason: "server failure" },
  "4.3.2.1.long.example TXT": { type: "found", records: ["x".repeat(300)] },
  "4.3.2.1.mute.example TXT": { type: "found", records: [""] },
  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bad.example TXT":
    { type: "found", records: ["six"] },
};

const list = (
  zone: string,
  more: Partial<BlockList> = {},
): BlockList => ({
  kind: "block",
  zone,
  text: null,
  bounces: false,
  failsClosed: false,
  ...more,
});

async function reply(
  lists: readonly BlockList[],
  told?: string,
  ip = "1.2.3.4",
): Promise<string> {
  const judgement = await judge(
    lists,
    ip,
    told,
    (name, type) =>
      Promise.resolve(
        zone[`${name} ${type}`] ?? { type: "none", exists: false },
      ),
  );
  return judgement.type === "accept" ? "accept" : judgement.reply;
}

const bad = list("bad.example"), closed = { failsClosed: true };
const bounces = { bounces: true };
const down = list("down.example"),
  good = list("good.example", { kind: "allow" });

const cases: [
  what: string,
  lists: BlockList[],
  told: string | undefined,
  reply: string,
][] = [
  ["no list", [], undefined, "accept"],
  ["a list without it", [list("clean.example")], undefined, "accept"],
  ["a list", [bad], undefined, "451 go away?"],
  [
    "a list that bounces",
    [list("bad.example", bounces)],
    undefined,
    "553 go away?",
  ],
  ["RBLSMTPD lets in", [bad], "", "accept"],
  ["RBLSMTPD defers", [], "later", "451 later"],
  ["RBLSMTPD bounces", [], "-never\t\xe9", "553 never??"],
  ["RBLSMTPD of a dash", [], "-", "553 "],
  ["an allow list first", [good, bad], undefined, "accept"],
  ["an allow list too late", [bad, good], undefined, "451 go away?"],
  ["a list that fails", [down, list("clean.example")], undefined, "accept"],
  [
    "it fails closed",
    [list("down.example", closed)],
    undefined,
    "451 temporary RBL lookup error",
  ],
  [
    "nothing bounces once one has failed",
    [down, list("bad.example", bounces)],
    undefined,
    "451 go away?",
  ],
  [
    "an allow list that fails lets in",
    [list("down.example", { kind: "allow" }), bad],
    undefined,
    "accept",
  ],
  [
    "unless it fails closed",
    [
      list("down.example", { kind: "allow", ...closed }),
      list("bad.example", bounces),
    ],
    undefined,
    "451 go away?",
  ],
  [
    "a text of its own",
    [list("bad.example", { text: "%IP% is on %IP%" })],
    undefined,
    "451 1.2.3.4 is on 1.2.3.4",
  ],
  [
    "a text for nobody",
    [list("clean.example", { text: "x" })],
    undefined,
    "accept",
  ],
  [
    "a long reason",
    [list("long.example")],
    undefined,
    `451 ${"x".repeat(200)}`,
  ],
  ["an empty reason is none", [list("mute.example")], undefined, "accept"],
];

for (const [what, lists, told, expected] of cases) {
  Deno.test(`rblsmtpd: ${what}`, async () => {
    assertEquals(await reply(lists, told), expected);
  });
}

Deno.test("rblsmtpd: IPv6 by its digits, IPv4 within it as IPv4", async () => {
  assertEquals(await reply([bad], undefined, "2001:db8::1"), "451 six");
  assertEquals(await reply([bad], undefined, "::ffff:1.2.3.4"), "451 go away?");
});
