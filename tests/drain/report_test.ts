/**
 * Reports, as their bytes and as another program reads them.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { reportText } from "../../lib/drain/report.ts";
import { quotedPrintable } from "../../lib/drain/report_header.ts";
import { needing, output } from "../support/peers.ts";
import { queued } from "../support/shared_queue.ts";

const at = Date.parse("2026-11-26T07:26:32Z");
const nobody = { code: 550, enhanced: "5.1.1", text: "no such mailbox" };

const report = (
  header = "Subject: hello\nX-Mine: yes\n",
  troubles: Record<string, typeof nobody> = { "bob@in.example": nobody },
) =>
  fromBytes(reportText({
    failed: queued({
      id: "bcdfghjkmnpq-1-1",
      recipients: Object.keys(troubles),
      acceptedAt: at - 60_000,
      troubles,
    }),
    text: toBytes(`${header}\nthe secret text\n`),
    host: "mx.example",
    id: "bcdfghjkmnpq-1-1rabcdefgh",
    now: at,
  }));

Deno.test("a report, letter by letter", () => {
  assertEquals(
    report(),
    `Date: Thu, 26 Nov 2026 07:26:32 +0000
From: Mail delivery <MAILER-DAEMON@mx.example>
To: <sender@out.example>
Subject: Your message could not be delivered
Message-ID: <bcdfghjkmnpq-1-1rabcdefgh@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="=_bcdfghjkmnpq-1-1rabcdefgh.0"

This is a message in several parts (MIME).

--=_bcdfghjkmnpq-1-1rabcdefgh.0
Content-Type: text/plain; charset=utf-8

This is the mail server at mx.example.

Your message could not be delivered to the following, and nobody will
try it again:

<bob@in.example>
    550 5.1.1 no such mailbox

The header of your message is attached.

--=_bcdfghjkmnpq-1-1rabcdefgh.0
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Thu, 26 Nov 2026 07:25:32 +0000

Final-Recipient: rfc822; bob@in.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such mailbox
Last-Attempt-Date: Thu, 26 Nov 2026 07:26:32 +0000

--=_bcdfghjkmnpq-1-1rabcdefgh.0
Content-Type: text/rfc822-headers

Subject: hello
X-Mine: yes

--=_bcdfghjkmnpq-1-1rabcdefgh.0--
`,
  );
});

Deno.test("a header of other bytes than ASCII goes through any server", () => {
  const text = report(
    "Subject: gr\xfc\xdfe\nX-Long: " + "x".repeat(2000) + "\n",
  );
  assert(/^[\n\t\x20-\x7e]*$/.test(text));
  assert(text.split("\n").every((line) => line.length <= 998));
  assertMatch(text, /^Subject: gr=FC=DFe$/m);
});

Deno.test("a boundary that the message has as well is another one", () => {
  const text = report("X-Trap: =_bcdfghjkmnpq-1-1rabcdefgh.0\n");
  assertMatch(text, /boundary="=_bcdfghjkmnpq-1-1rabcdefgh\.1"/);
});

Deno.test("an address in UTF-8 is told in ASCII (RFC 6533)", () => {
  const address = fromBytes(new TextEncoder().encode("jürgen@in.example"));
  const text = report(undefined, { [address]: nobody });
  assertMatch(text, /^Final-Recipient: utf-8; j\\x\{FC\}rgen@in\.example$/m);
});

Deno.test("a long reason is folded", () => {
  const text = "because ".repeat(40).trim();
  const told = report(undefined, { "bob@in.example": { ...nobody, text } });
  const from = told.indexOf("Diagnostic-Code");
  const field = told.slice(from, told.indexOf("\nLast-Attempt", from));
  assert(field.split("\n").every((line) => line.length <= 78), field);
  assertEquals(field.replace(/\n /g, " ").includes(text), true);
});

Deno.test("quoted-printable as RFC 2045 has it", () => {
  assertEquals(quotedPrintable("a=b \nc\t"), "a=3Db=20\nc=09");
  const long = quotedPrintable("x".repeat(200));
  assert(long.split("\n").every((line) => line.length <= 76));
  assertEquals(long.replace(/=\n/g, ""), "x".repeat(200));
});

Deno.test(
  needing({ peers: ["python3"] }, "another program reads a report"),
  async () => {
    const text = report("Subject: gr\xfc\xdfe\nX-Mine: yes\n", {
      "bob@in.example": nobody,
      "eve@in.example": { ...nobody, enhanced: "" },
    });
    const { code, stdout, stderr } = await output("python3", [
      "-c",
      `import sys, email, json
m = email.message_from_bytes(sys.stdin.buffer.read())
human, status, header = m.get_payload()
print(json.dumps([m.get_content_type(), m.get_param("report-type"),
  [len(p.defects) for p in m.walk()],
  human.get_content_type(), [dict(p.items()) for p in status.get_payload()],
  header.get_content_type(), header.get_payload(decode=True).decode("latin1")]))`,
    ], { stdin: text });
    assertEquals([code, stderr], [0, ""]);
    const [type, kind, defects, human, status, header, original] = JSON.parse(
      stdout,
    );
    assertEquals([type, kind], ["multipart/report", "delivery-status"]);
    assertEquals(defects.filter((count: number) => count > 0), []);
    assertEquals([human, header], ["text/plain", "text/rfc822-headers"]);
    assertEquals(original, "Subject: gr\xfc\xdfe\nX-Mine: yes\n");
    assertEquals(
      status.map((fields: Record<string, string>) => fields.Status),
      [undefined, "5.1.1", "5.0.0"],
    );
    assertEquals(status[2]["Final-Recipient"], "rfc822; eve@in.example");
  },
);
