/**
 * Any input at all: the session never throws, says no more than it should,
 * keeps its actions in order (run() looks), and does the same however the
 * input is cut.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { SessionConfig } from "../../lib/smtp/session.ts";
import { type Answers, pieces, run, testConfig } from "./run.ts";

const lineEnd = fc.oneof(
  { weight: 12, arbitrary: fc.constant("\r\n") },
  { weight: 1, arbitrary: fc.constantFrom("\n", "\r", "\r\r\n", "") },
);

const bytes = fc.uint8Array({ maxLength: 40 }).map((each) =>
  String.fromCharCode(...each)
);

const fragment = fc.constantFrom(
  ...["<", ">", "@", ":", '"', "\\", " ", "\0", "\xff", "a", "example.com"],
  ...["<a@b.c>", "<x@example.com>", "<bad@b.c>", "<>", "[127.0.0.1]", "@r:"],
  ...["SIZE=20", "SIZE=x", "BODY=8BITMIME", "X=Y", "x".repeat(250)],
);

const argument = fc.array(fragment, { maxLength: 5 }).map((all) =>
  all.join("")
);

const verb = fc.constantFrom(
  ...["HELO ", "EHLO ", "MAIL FROM:", "mail from: ", "RCPT TO:", "rcpt to:"],
  ...["DATA", "RSET", "NOOP ", "VRFY ", "HELP", "QUIT", "STARTTLS", "BDAT 3"],
  ...["GET / ", "", " ", "MAIL", "RCPT", "DATA x"],
);

const text = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("text", ".", "..", "", "x: y") },
    { weight: 2, arbitrary: fc.constantFrom("Received: x", "delivered") },
    { weight: 1, arbitrary: fc.constantFrom("\r", "\n", "\0", ".\r", "\n.") },
    { weight: 1, arbitrary: fc.constant("z".repeat(100)) },
  ).chain((line) => lineEnd.map((end) => line + end)),
  { maxLength: 8 },
);

const start = fc.constantFrom(
  "EHLO h\r\n",
  "MAIL FROM:<a@b.c>\r\n",
  "MAIL FROM:<a@b.c>\r\nRCPT TO:<x@example.com>\r\n",
  "MAIL FROM:<a@b.c>\r\nRCPT TO:<x@example.com>\r\nDATA\r\n",
);

const dialogue = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(verb, argument, lineEnd).map((all) => all.join("")),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(start, text).map(([a, b]) =>
        a + b.join("") + ".\r\n"
      ),
    },
    { weight: 2, arbitrary: start },
    { weight: 1, arbitrary: bytes },
  ),
  { maxLength: 10 },
).map((all) => all.join(""));

const anyConfig: fc.Arbitrary<SessionConfig> = fc.record({
  classic: fc.boolean(),
  databytes: fc.constantFrom(0, 0, 30),
  relayClient: fc.constantFrom(null, null, "", "@relay"),
  limits: fc.constantFrom({}, { errors: 2 }, { recipients: 1, hops: 2 }),
}).map((some) => ({ ...testConfig, ...some }));

const anyAnswers: fc.Arbitrary<Answers> = fc.record({
  opened: fc.constantFrom<Answers["opened"]>(
    { type: "opened" },
    { type: "opened" },
    { type: "later", code: 451, enhanced: "4.3.0", text: "no" },
  ),
  committed: fc.constantFrom<Answers["committed"]>(
    { type: "stored", id: "1" },
    { type: "stored", id: "1" },
    { type: "never", code: 554, enhanced: "5.3.0", text: "no" },
  ),
  leaving: fc.constantFrom("end", "timeout"),
});

const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });

function check(
  input: string,
  cut: number[],
  config: SessionConfig,
  answers: Answers,
): void {
  const whole = run(config, [input], answers);
  assertEquals(run(config, pieces(input, cut), answers), whole);
  // EHLO's is the longest reply to the shortest command.
  assertEquals(whole.replies.length <= 200 + 60 * input.length, true);
  assertEquals(/^(?:\d{3}[ -][ -~\x80-\xff]*\r\n)*$/.test(whole.replies), true);
  for (const { message, envelope } of whole.stored) {
    assertEquals(envelope.recipients.length > 0, true);
    // deno-lint-ignore no-control-regex
    const unclean = /[\x00\r]/;
    if (!config.classic) assertEquals(unclean.test(message), false);
  }
}

Deno.test("a session survives anything, however it is cut: 4,000 dialogues", () => {
  fc.assert(
    fc.property(dialogue, sizes, anyConfig, anyAnswers, check),
    { numRuns: 4000 },
  );
});

Deno.test("a session survives anything, however it is cut: 1,000 times noise", () => {
  const noise = fc.array(bytes, { maxLength: 30 }).map((all) => all.join(""));
  fc.assert(
    fc.property(noise, sizes, anyConfig, anyAnswers, check),
    { numRuns: 1000 },
  );
});
