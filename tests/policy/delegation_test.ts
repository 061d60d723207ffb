import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  policyAddress,
  policyRequest,
  policyVerdict,
} from "../../lib/policy/delegation.ts";
import { question } from "../support/question.ts";
import { runs } from "../support/random.ts";

Deno.test("policyRequest() is what Postfix would send", () => {
  const request = policyRequest(question({
    clientHost: undefined,
    helo: null,
    user: "anne",
    encrypted: true,
    sender: "",
    sizeBytes: 12345,
  }));
  const attributes = Object.fromEntries(
    request.trimEnd().split("\n").map((line) => line.split(/=(.*)/s, 2)),
  );
  assert(request.startsWith("request=smtpd_access_policy\n"));
  assert(request.endsWith("\n\n"));
  const expected: Record<string, string> = {
    protocol_state: "RCPT",
    protocol_name: "ESMTP",
    client_address: "192.0.2.1",
    client_name: "unknown",
    helo_name: "",
    sender: "",
    recipient: "recipient@to.example",
    recipient_count: "0",
    queue_id: "",
    instance: "1.1",
    size: "12345",
    sasl_username: "anne",
    encryption_protocol: "TLS",
  };
  for (const [name, value] of Object.entries(expected)) {
    assertEquals(attributes[name], value, name);
  }
});

/** Byte strings with more trouble in them than chance has. */
const bytes = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\n", "\r", "\0", "=", "\x7f", "\xff", " "),
    fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  ),
  maxLength: 40,
});

Deno.test("policyRequest() has the same lines whatever a client says", () => {
  const names = (request: string) =>
    request.split("\n").map((line) => line.split("=")[0]);
  const usual = names(policyRequest(question()));
  fc.assert(
    fc.property(bytes, bytes, bytes, bytes, bytes, (a, b, c, d, e) => {
      const request = policyRequest(question({
        helo: a,
        sender: b,
        recipient: c,
        user: d,
        clientHost: e,
      }));
      assertEquals(names(request), usual);
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x09\x0b-\x1f\x7f]/.test(request));
    }),
    { numRuns: runs(2000, 200) },
  );
});

/** Code, enhanced status and text, or accept; and whether there is a remark. */
function summary(response: string): string {
  const { answer, remark } = policyVerdict(response);
  const said = answer.type === "accept"
    ? "accept"
    : `${answer.code} ${answer.enhanced} ${answer.text}`;
  return remark === undefined ? said : `${said} | ${remark}`;
}

Deno.test("policyVerdict() by action", () => {
  const refused = "refused by our policy";
  const trouble = "451 4.3.5 unable to ask for our policy for now";
  const cases: Record<string, string> = {
    "action=DUNNO": "accept",
    "action=dunno": "accept",
    "action=OK": "accept",
    "action=permit whatever": "accept",
    "action=1": "accept",
    "action=REJECT": `554 5.7.1 ${refused}`,
    "action=REJECT go away": "554 5.7.1 go away",
    "action=reject 5.1.8 no such sender": "554 5.1.8 no such sender",
    "action=REJECT 4.1.8 wrong class": "554 5.1.8 wrong class",
    "action=DEFER": `450 4.7.1 ${refused}`,
    "action=DEFER_IF_PERMIT Greylisted, see http://x/":
      "450 4.7.1 Greylisted, see http://x/",
    "action=450 4.7.0 later": "450 4.7.0 later",
    "action=421 closing": "421 4.7.1 closing",
    "action=499 odd": "451 4.7.1 odd",
    "action=550 no": "550 5.7.1 no",
    "action=521 5.7.1 odd": "550 5.7.1 odd",
    "action=599": `550 5.7.1 ${refused}`,
    "action=4500 no code": "accept", // all digits: as OK (access(5))
    "action=PREPEND X-Greylist: delayed":
      "accept | not done: PREPEND X-Greylist: delayed",
    "action=HOLD": "accept | not done: HOLD",
    "action=filter smtp:[x]": "accept | not done: filter smtp:[x]",
    "action=reject_unauth_destination":
      `${trouble} | not an action: reject_unauth_destination`,
    "action=": `${trouble} | not an action: `,
    "": `${trouble} | a response without an action`,
    "ACTION=OK": `${trouble} | a response without an action`,
    "x=1\naction=REJECT a\r": "554 5.7.1 a",
    "action=550 a\x07b\xe9c": "550 5.7.1 a?b?c",
  };
  for (const [response, expected] of Object.entries(cases)) {
    assertEquals(summary(response), expected, response);
  }
});

Deno.test("policyVerdict() keeps the codes that we give", () => {
  for (const code of [421, 450, 451, 452, 550, 552, 553, 554]) {
    const [said] = summary(`action=${code} no`).split(" ");
    assertEquals(said, `${code}`);
  }
  for (const [code, nearest] of [[449, 451], [453, 451], [551, 550]]) {
    const [said] = summary(`action=${code} no`).split(" ");
    assertEquals(said, `${nearest}`, `${code}`);
  }
});

Deno.test("policyVerdict() makes no reply that is not one line of ASCII", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("REJECT ", "DEFER ", "550 ", "451 4.7.1 ", "WARN ", ""),
      bytes,
      (action, text) => {
        const { answer, remark } = policyVerdict(`action=${action}${text}`);
        if (answer.type !== "accept") {
          assert(/^[ -~]{1,400}$/.test(answer.text), answer.text);
          assert(/^[45]\.\d{1,3}\.\d{1,3}$/.test(answer.enhanced));
          assertEquals(answer.enhanced[0], String(answer.code)[0]);
        }
        assert(/^[ -~]*$/.test(remark ?? ""));
      },
    ),
    { numRuns: runs(2000, 200) },
  );
  const long = policyVerdict("action=REJECT " + "x".repeat(100_000)).answer;
  assertEquals(long.type !== "accept" && long.text.length, 400);
});

Deno.test("policyAddress() reads Postfix's forms and the short ones", () => {
  const unix = (path: string) => ({ transport: "unix", path });
  const tcp = (hostname: string, port: number) => ({
    transport: "tcp",
    hostname,
    port,
  });
  const cases: Record<string, unknown> = {
    "unix:private/policy": unix("private/policy"),
    "/run/policy": unix("/run/policy"),
    "./policy": unix("./policy"),
    "inet:127.0.0.1:10023": tcp("127.0.0.1", 10023),
    "localhost:10023": tcp("localhost", 10023),
    "inet:[::1]:10023": tcp("::1", 10023),
    "10023": null,
    "host": null,
    "host:0": null,
    "host:1": tcp("host", 1),
    "host:65535": tcp("host", 65535),
    "host:65536": null,
    "::1:10023": null,
    "": null,
  };
  for (const [text, expected] of Object.entries(cases)) {
    assertEquals(policyAddress(text) as unknown, expected, text);
  }
});
