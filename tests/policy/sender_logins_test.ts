/**
 * Who may send as whom, by a list.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Unusable } from "../../lib/base/unusable.ts";
import {
  notOwned,
  owns,
  ownSenders,
  senderLogins,
} from "../../lib/policy/sender_logins.ts";
import { senderLoginsFile } from "../../lib/policy/sender_logins_file.ts";
import { inFolder } from "../support/peers.ts";
import { into } from "../support/troubles.ts";

const list = (text: string) => senderLogins(text, "/etc/senders");
const faults = (text: string) =>
  (assertThrows(() => list(text)) as unknown as Unusable).problems;

Deno.test("senderLogins() reads both ways to write it", () => {
  const logins = list(`\xef\xbb\xbf# who
Ann@A.example: ann,  Bob\r
info@a.example\tann bob
info@a.example: carl
@b.example :ann
x@[IPv6:2001:DB8::1]: ann
  , dora
@m\xfcnchen.example: ann
`.replace("\xfc", "\xc3\xbc"));
  assertEquals(
    [...logins].map(([address, owners]) => [address, ...owners]),
    [
      ["ann@a.example", "ann", "bob"],
      ["info@a.example", "ann", "bob", "carl"],
      ["@b.example", "ann"],
      ["x@[ipv6:2001:db8::1]", "ann", "dora"],
      ["@xn--mnchen-3ya.example", "ann"],
    ],
  );
});

Deno.test("senderLogins() says what is wrong with which line", () => {
  assertEquals(
    faults(`ann
@a.example
a@b.example: ann # me
*@a.example: ann
a@b..example: ann
: ann
`).map((each) => each.replace(/^\/etc\/senders: /, "").slice(0, 40)),
    [
      'line 1: "ann" is no ADDRESS: LOGIN, LOGI',
      'line 2: nobody may send as "@a.example"',
      "line 3: a comment wants a line of its ow",
      'line 4: "*@a.example" is neither an addr',
      'line 5: "a@b..example" is neither an add',
      'line 6: ": ann" is no ADDRESS: LOGIN, LO',
    ],
  );
  assertEquals(faults("x\n".repeat(30)).length, 11);
  assertMatch(faults("\xff\xfea")[0], /UTF-16/);
});

Deno.test("senderLogins() takes no byte of UTF-8 for a blank", () => {
  const voila = "voil\xc3\xa0";
  const logins = list(`${voila}@a.example: ann\nb@${voila}.example ${voila}\n`);
  assert(owns(logins, "ann", `${voila}+x@A.example`));
  assert(owns(logins, voila, `b@${voila}.example`));
  assert(owns(logins, voila, "b@xn--voil-3na.example"));
});

Deno.test("senderLogins() reads a plain entry as it reads others", () => {
  for (const address of ["Ann.X+y@A-b.example", "@a.Example", "-@1", "_@a"]) {
    for (
      const [plain, other] of [[": Bob", "  :  ,Bob"], [" b@c", "\tb@c,"]]
    ) {
      assertEquals(list(address + plain), list(address + other), address);
    }
  }
  assertEquals(faults("a@b.: x\na@.b x\na@b..c: x\na.b: x\na@b: #x").length, 5);
});

Deno.test("owns() takes the nearest entry, and that alone", () => {
  const logins = list(`
ann@a.example: ann
boss+x@a.example: dora
boss@a.example: boss
@a.example: carl
`);
  const owners = (sender: string) =>
    ["ann", "boss", "carl", "dora"].filter((who) => owns(logins, who, sender));
  assertEquals(owners("ann@a.example"), ["ann"]);
  assertEquals(owners("ANN+lists+x@A.EXAMPLE"), ["ann"]);
  assertEquals(owners("boss+y@a.example"), ["boss"]);
  assertEquals(owners("boss+x@a.example"), ["dora"]);
  assertEquals(owners("else@a.example"), ["carl"]);
  assertEquals(owners("+ann@a.example"), ["carl"]);
  assertEquals(owners("ann@sub.a.example"), []);
  assertEquals(owners("ann"), []);
  assert(owns(logins, "ANN", "ann@a.example"), "log-ins in any letter case");
});

Deno.test("ownSenders() is what one is called by, and what he was given", () => {
  const mine = ownSenders("Ann@a.example", [
    "info@b.example",
    "@c.example",
    "x",
  ]);
  const may = (sender: string) => owns(mine, "Ann@a.example", sender);
  assert(may("ann@a.example") && may("ann+x@a.example"));
  assert(may("info@b.example") && may("any@c.example"));
  assert(!may("x") && !may("bob@a.example") && !may("x@b.example"));
  assertEquals(ownSenders("ann", []).size, 0);
  // To be called like a domain is not to own it.
  assertEquals(ownSenders("@a.example", []).size, 0);
});

Deno.test("notOwned() says nothing but text in its reply", () => {
  assertEquals(
    notOwned("a\r\n250 ok", "x\x1b@a.example").text,
    "<x?@a.example>: Sender address rejected: not owned by user a 250 ok",
  );
});

Deno.test("senderLoginsFile() sees another file at once, and is closed to all when it cannot be read", () =>
  inFolder(async (folder) => {
    const path = `${folder}/senders`;
    const log: string[] = [];
    const refuses = senderLoginsFile(path, into(log));
    const code = (user: string) => refuses(user, "a@a.example")?.code ?? null;
    assertEquals([code("ann"), code("ann")], [451, 451]);
    assertEquals(log, [
      `--sender-login: unable to read ${path}: file does not exist`,
    ]);
    await Deno.writeTextFile(path, "@a.example: ann\n");
    assertEquals([code("ann"), code("bob")], [null, 553]);
    await Deno.writeTextFile(path, "@a.example: bob\nnonsense\n");
    assertEquals([code("ann"), code("bob")], [451, 451]);
    assertMatch(log[1], /senders: line 2: "nonsense" is no ADDRESS/);
    await Deno.writeTextFile(path, "@a.example: bob\n");
    assertEquals([code("ann"), code("bob")], [553, null]);
  }));
