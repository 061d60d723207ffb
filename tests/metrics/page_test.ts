/** The status page: what it says, and that a stranger's words stay words. */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { answer, type Knowledge } from "../../lib/metrics/answers.ts";
import { page } from "../../lib/metrics/page.ts";
import { shownName } from "../../lib/metrics/words.ts";
import { factsFor, now } from "./facts.ts";

const known: Knowledge = {
  name: "mx.example",
  token: null,
  facts: () => Promise.resolve(factsFor({})),
  explain: (ip) => [`${ip}: allowed by line 3`],
};

const includes = (text: string, part: string) =>
  assert(text.includes(part), `${part} in ${text}`);

const ask = (path: string, more: RequestInit = {}, who = known) =>
  answer(new Request(`http://127.0.0.1:9${path}`, more), who);

Deno.test("a client that calls itself a script is only a name", () => {
  const session = {
    number: 1,
    ip: "192.0.2.1",
    host: "<b>.example",
    helo: `"><script>alert(1)</script>`,
    since: now,
    doing: "message text",
  };
  const refusal = {
    time: now,
    ip: "192.0.2.2",
    what: "recipient",
    why: "550 <img src=x onerror=alert(1)>",
  };
  const text = page(
    "mx",
    factsFor({ sessions: [session], active: 1, refusals: [refusal] }),
    null,
    now,
  );
  includes(text, "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
  assertEquals(text.match(/<script/g)?.length, 1);
  assert(!text.includes("<img") && !text.includes("<b>.example"));
});

Deno.test("no name brings a tag, a control or another direction", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const bytes = [...new TextEncoder().encode(text)]
        .map((byte) => String.fromCharCode(byte)).join("");
      assert(!/[\p{Cc}\p{Cf}]/u.test(shownName(bytes)));
      const session = { ...factsFor({}).sessions[0], helo: bytes };
      const html = page("mx", factsFor({ sessions: [session] }), null, now);
      const bare = page(
        "mx",
        factsFor({ sessions: [{ ...session, helo: "" }] }),
        null,
        now,
      );
      assertEquals(html.match(/[<>"]/g)?.length, bare.match(/[<>"]/g)?.length);
    }),
  );
});

Deno.test("what is near its limit says so in words", () => {
  const text = page("mx", factsFor({ active: 33, limit: 40 }), null, now);
  includes(text, "33 of 40 (near)");
  includes(
    page("mx", factsFor({ active: 40, limit: 40 }), null, now),
    "40 of 40 (full)",
  );
});

Deno.test("lists are cut and counted", () => {
  const [session] = factsFor({}).sessions;
  const sessions = Array.from({ length: 300 }, () => session);
  const text = page("mx", factsFor({ sessions, active: 5000 }), null, now);
  assertEquals(text.match(/<th scope="row">192.0.2.1/g)?.length, 200);
  includes(text, "and 4800 more");
});

Deno.test("an address is explained, and nothing else", async () => {
  const text = async (address: string) =>
    await (await ask(`/?address=${encodeURIComponent(address)}`)).text();
  includes(await text(" 10.0.0.1 "), "10.0.0.1: allowed by line 3");
  includes(await text("<x>"), "&lt;x&gt; is no IP address");
});

Deno.test("nothing can be changed, and nothing is taken from elsewhere", async () => {
  assertEquals((await ask("/", { method: "POST" })).status, 405);
  assertEquals((await ask("/../etc/passwd")).status, 404);
  const policy = (await ask("/")).headers.get("content-security-policy")!;
  includes(policy, "default-src 'none'");
  assert(!policy.includes("unsafe"));
});

Deno.test("without a token only this machine's names are answered", async () => {
  const status = async (host: string) =>
    (await ask("/", { headers: { host } })).status;
  for (const host of ["localhost:9", "127.0.0.1", "127.9.9.9:1", "[::1]:9"]) {
    assertEquals(await status(host), 200, host);
  }
  for (const host of ["evil.example", "127.0.0.1.evil.example", "x"]) {
    assertEquals(await status(host), 403, host);
  }
});

Deno.test("with a token, only who says it", async () => {
  const who = { ...known, token: "0123456789abcdef" };
  const status = async (authorization: string | null) =>
    (await ask("/metrics", {
      headers: authorization === null ? {} : { authorization },
    }, who)).status;
  assertEquals(await status(null), 401);
  assertEquals(await status("Bearer 0123456789abcdeX"), 401);
  assertEquals(await status("Bearer 0123456789abcde"), 401);
  assertEquals(await status("Basic %%%"), 401);
  assertEquals(await status("Bearer 0123456789abcdef"), 200);
  assertEquals(await status(`Basic ${btoa("any:0123456789abcdef")}`), 200);
});
