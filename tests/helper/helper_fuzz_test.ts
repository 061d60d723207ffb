/**
 * A helper that was taken over says what it likes: nobody believes it more
 * than an answer, and all that it can do is to leave a question unanswered.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { hashPassword, hasPassword } from "../../lib/auth/password_file.ts";
import { concat, toBytes } from "../../lib/base/bytes.ts";
import { written } from "../../lib/helper/frames.ts";
import { Helper } from "../../lib/helper/helper.ts";
import type { Started } from "../../lib/helper/role.ts";
import { authenticationResults } from "../../lib/mailauth/authentication.ts";
import { evaluateSpf } from "../../lib/mailauth/spf.ts";
import { closeDescriptor, writeNow } from "../../lib/sys/descriptors.ts";
import { socketPair } from "../../lib/sys/socket_pair.ts";
import { spawn } from "../../lib/sys/spawn.ts";
import { fakeResolver } from "../support/dns.ts";
import { runs } from "../support/random.ts";

const json = fc.oneof(
  fc.json(),
  fc.record({
    result: fc.oneof(fc.string(), fc.constantFrom("pass", "fail"), fc.nat()),
    domain: fc.oneof(fc.string(), fc.constant(null)),
    rows: fc.oneof(fc.array(fc.string({ unit: "binary" })), fc.nat()),
    failure: fc.oneof(fc.string({ unit: "binary" }), fc.constant(null)),
    name: fc.oneof(fc.string(), fc.constant("x.example")),
    type: fc.constantFrom("A", "TXT", "ANY", 5),
  }, { requiredKeys: [] }).map((each) => JSON.stringify(each)),
).map((text) => new TextEncoder().encode(text));

const frame = fc.record({
  kind: fc.oneof(fc.constantFrom(4, 5, 5, 6, 7, 7), fc.nat(255)),
  question: fc.oneof(fc.constantFrom(1, 1, 1, 2), fc.nat(0xffff_ffff)),
  call: fc.oneof(fc.nat(3), fc.nat(0xffff_ffff)),
  bytes: fc.oneof(
    json,
    fc.uint8Array({ maxLength: 64 }),
    fc.constant(new Uint8Array(0)),
    fc.constant(new Uint8Array(70_000)),
  ).map((each) => new Uint8Array(each)),
}).map(written);

const ready = written({
  kind: 7,
  question: 0,
  call: 0,
  bytes: new Uint8Array(0),
});

/** What it says: mostly first that it is ready. */
const speech = fc.tuple(
  fc.constantFrom(ready, ready, ready, new Uint8Array(0)),
  fc.array(fc.oneof(frame, frame, frame, fc.uint8Array({ maxLength: 40 }))),
).map(([first, rest]) => concat([first, ...rest]));

/** A helper that says this and goes. */
function saying(speech: Uint8Array<ArrayBuffer>): () => Started {
  return () => {
    const { ours, theirs } = socketPair();
    writeNow(theirs, speech.subarray(0, 100_000)); // what a socket takes
    closeDescriptor(theirs);
    const env: string[] = [];
    const args = ["sleep", "60"];
    const pid = spawn({ path: "/bin/sleep", args, env, descriptors: [] });
    return { pid, channel: ours };
  };
}

async function* message() {
  yield toBytes("From: a@a.example\n\nx\n");
}

const sender = { ip: "192.0.2.1", helo: "x", sender: "a@a.example" };
const options = { me: "mx.example", resolver: fakeResolver({}), emit() {} };

Deno.test("whatever a helper says, SPF has a result and the results are one field", async () => {
  const { header: bare } = await authenticationResults(sender, message, {
    ...options,
    helper: new Helper("mail", () => {}, () => {
      throw new Error("none");
    }),
    seconds: 1,
  });
  assertMatch(bare, /^Authentication-Results: mx\.example;\n\tspf=temperror;/);
  await fc.assert(
    fc.asyncProperty(speech, async (speech) => {
      const helper = new Helper("mail", () => {}, saying(speech));
      const { result, domain, failure } = await evaluateSpf(sender, {
        ...options,
        helper,
      });
      for (const text of [result, domain]) assertEquals(typeof text, "string");
      assert(failure === null || typeof failure === "string");
      const { header } = await authenticationResults(sender, message, {
        ...options,
        helper,
        seconds: 1,
      });
      assertMatch(
        header,
        /^Authentication-Results: mx\.example;\n\t[ -~\n\t]*\n$/,
      );
      assert(!/\n[^\t]/.test(header), JSON.stringify(header));
      await helper.close();
    }),
    { numRuns: runs(1000, 150) },
  );
});

Deno.test("whatever a helper says, nobody logs in who has not the password", async () => {
  const file = `ann:${hashPassword("right")}\n`;
  await fc.assert(
    fc.asyncProperty(speech, async (speech) => {
      const helper = new Helper("passwords", () => {}, saying(speech));
      const checking = { client: "::1", helper, complain() {} };
      for (const user of ["ann", "bob"]) {
        const credentials = { user, password: "right" };
        assert(await hasPassword(file, credentials, checking) !== true);
      }
      await helper.close();
    }),
    { numRuns: runs(1000, 100) },
  );
});
