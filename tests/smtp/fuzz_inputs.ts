/**
 * Inputs for a session, from likely to absurd, and what holds for all of them.
 * Shared by the tests and by `deno task fuzz`.
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
  ...[" BODY=BINARYMIME", " SMTPUTF8", " AUTH=<>", "\xc3\xa4", "<\xe4@b.c>"],
  ...["PLAIN", "LOGIN", "AGpvZQBzZWNyZXQ=", "am9l", "c2VjcmV0", "*", "="],
  ...["1", "7", "300", " LAST"],
);

const argument = fc.array(fragment, { maxLength: 5 }).map((all) =>
  all.join("")
);

const verb = fc.constantFrom(
  ...["HELO ", "EHLO ", "MAIL FROM:", "mail from: ", "RCPT TO:", "rcpt to:"],
  ...["DATA", "RSET", "NOOP ", "VRFY ", "HELP", "QUIT", "STARTTLS", "BDAT 3"],
  ...["GET / ", "", " ", "MAIL", "RCPT", "DATA x", "BDAT ", "BDAT 5 LAST"],
  ...["AUTH PLAIN", "AUTH ", "AUTH LOGIN am9l", "BDAT 0 LAST", "BDAT 0"],
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
  "MAIL FROM:<a@b.c>\r\nRCPT TO:<x@example.com>\r\nBDAT 9\r\n",
  "MAIL FROM:<a@b.c> BODY=BINARYMIME\r\nRCPT TO:<x@example.com>\r\nBDAT 9 LAST\r\n",
  "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n",
);

/** Anything that looks like SMTP, to a point. */
export const dialogue: fc.Arbitrary<string> = fc.array(
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

/** No SMTP at all. */
export const noise: fc.Arbitrary<string> = fc.array(bytes, { maxLength: 30 })
  .map((all) => all.join(""));

const anyOffers = fc.record({
  startTls: fc.constantFrom(false, false, true),
  auth: fc.boolean(),
  binaryMime: fc.boolean(),
  smtpUtf8: fc.boolean(),
});

export const anyConfig: fc.Arbitrary<SessionConfig> = fc.record({
  classic: fc.boolean(),
  databytes: fc.constantFrom(0, 0, 30),
  relayClient: fc.constantFrom(null, null, "", "@relay"),
  limits: fc.constantFrom(
    {},
    { errors: 2 },
    { recipients: 1, hops: 2 },
    { textLineBytes: 20, errors: 100 },
  ),
  offers: anyOffers,
  encrypted: fc.boolean(),
  asks: fc.boolean(),
  lfEndsLines: fc.boolean(),
}).map(({ encrypted, ...some }) => ({
  ...testConfig,
  ...some,
  connection: { ...testConfig.connection, encrypted },
}));

export const anyAnswers: fc.Arbitrary<Answers> = fc.record({
  opened: fc.constantFrom<NonNullable<Answers["opened"]>>(
    { type: "opened" },
    { type: "opened" },
    { type: "later", code: 451, enhanced: "4.3.0", text: "no" },
  ),
  committed: fc.constantFrom<NonNullable<Answers["committed"]>>(
    { type: "stored", id: "1" },
    { type: "stored", id: "1" },
    { type: "never", code: 554, enhanced: "5.3.0", text: "no" },
  ),
  answered: fc.constantFrom<NonNullable<Answers["answered"]>>(
    { type: "accept" },
    { type: "never", code: 550, enhanced: "5.7.1", text: "no" },
  ),
  login: fc.constantFrom<NonNullable<Answers["login"]>>(
    { type: "user", name: "joe" },
    { type: "later" },
    { type: "bad" },
  ),
  leaving: fc.constantFrom("end", "timeout", "shutDown"),
});

/** How input is cut. */
export const sizes: fc.Arbitrary<number[]> = fc.array(
  fc.integer({ min: 1, max: 30 }),
  { minLength: 1 },
);

/**
 * The session never throws, says no more than it should and nothing that is
 * no reply, keeps its actions in order (run() looks), passes on nothing
 * unclean, and does the same however its input is cut.
 */
export function check(
  input: string,
  cut: number[],
  config: SessionConfig,
  answers: Answers,
): void {
  const whole = run(config, [input], answers);
  const inPieces = run(config, pieces(input, cut), answers);
  // What was sent ahead of a handshake is lost, so there the cut counts.
  if (!config.offers?.startTls) assertEquals(inPieces, whole);
  for (const { replies, stored } of [whole, inPieces]) {
    // EHLO's is the longest reply to the shortest command.
    assertEquals(replies.length <= 260 + 60 * input.length, true);
    assertEquals(/^(?:\d{3}[ -][ -~\x80-\xff]*\r\n)*$/.test(replies), true);
    for (const { message, envelope } of stored) {
      assertEquals(envelope.recipients.length > 0, true);
      // deno-lint-ignore no-control-regex
      const unclean = /[\x00\r]/;
      const mayBeUnclean = config.classic || envelope.binary;
      assertEquals(!mayBeUnclean && unclean.test(message), false);
    }
  }
}
