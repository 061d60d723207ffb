/**
 * The lines of the mail log, as text and as JSON: the same names in the same
 * order.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { GateEvent, MessageFacts, Party } from "../../lib/base/events.ts";
import { readLine } from "../../lib/log/field_text.ts";
import { isInMailLog, listFields, verbs } from "../../lib/log/mail_facts.ts";
import * as lines from "../../lib/log/mail_line.ts";
import { testConfig } from "../smtp/run.ts";

const { jsonLost, textLost } = lines;

const shown = (line: Uint8Array | null) => line && lines.lineText(line);
const textLineOf = (event: GateEvent, timeMs: number) =>
  shown(lines.textLineOf(event, timeMs));
const jsonLineOf = (event: GateEvent, timeMs: number) =>
  shown(lines.jsonLineOf(event, timeMs));

const at = Date.parse("2026-11-25T08:12:19.204Z");

const party: Party = {
  connection: { ...testConfig.connection, number: 12, remoteInfo: "root" },
  session: "k3v9-1",
  helo: "client.example",
  user: "anne",
  tls: { version: "TLSv1.3", cipher: "TLS_X", handshakeMs: 3.4 },
};
const message: MessageFacts = {
  id: "k3v9-1-2",
  sender: "a@b.c",
  recipients: ["d@e.f", "g@h.i"],
  protocol: "ESMTPSA",
  sizeBytes: 1234,
  target: "maildir:./Maildir",
  phases: { waitMs: 1.6, envelopeMs: 2, askMs: 0, textMs: 3, deliveryMs: 4 },
};
const reply = { code: 550, text: "5.1.1 no such mailbox" };

const delivery = {
  ...{ id: "k3v9-1-2", sender: "a@b.c", recipient: "d@e.f", sizeBytes: 1234 },
  ...{ target: "maildir:./Maildir", attempts: 2, milliseconds: 3.2 },
};
const delivered = "session=k3v9-1 id=k3v9-1-2 from=a@b.c to=d@e.f size=1234 " +
  "target=maildir:./Maildir";

const who = "conn=12 session=k3v9-1";
const end = "client=192.0.2.7 port=49152 name=client.example ident=root";
const rest = "helo=client.example tls=TLSv1.3 cipher=TLS_X user=anne";
const mail = "from=a@b.c to=d@e.f,g@h.i rcpts=2 size=1234 proto=ESMTPSA " +
  "target=maildir:./Maildir";
const phases = "wait_ms=2 envelope_ms=2 ask_ms=0 text_ms=3 delivery_ms=4";

const events: [event: GateEvent, line: string][] = [
  [
    {
      type: "message.stored",
      ...{ party, message, queued: "17.R1Q1" },
      reply: { code: 250, text: "2.0.0 ok k3v9-1-2" },
    },
    `${who} id=k3v9-1-2 ${end} ${rest} ${mail} code=250 queued=17.R1Q1 ` +
    `${phases} reply="2.0.0 ok k3v9-1-2"`,
  ],
  [
    { type: "message.refused", party, message, reply, by: "databytes" },
    `${who} id=k3v9-1-2 ${end} ${rest} ${mail} code=550 by=databytes ` +
    `${phases} reply="5.1.1 no such mailbox"`,
  ],
  [
    { type: "message.abandoned", party, message, why: "timeout" },
    `${who} id=k3v9-1-2 ${end} ${rest} ${mail} by=timeout ${phases}`,
  ],
  [
    {
      type: "recipient.refused",
      ...{ party, id: "k3v9-1-2", sender: "", recipient: "x y@e.f" },
      ...{ reply, by: "dnsbl:bl.example" },
    },
    `${who} id=k3v9-1-2 ${end} ${rest} from=<> to=x\\x20y@e.f code=550 ` +
    `by=dnsbl:bl.example reply="5.1.1 no such mailbox"`,
  ],
  [
    {
      type: "filter.answered",
      ...{ connection: party.connection, session: "k3v9-1", id: "k3v9-1-2" },
      ...{ filter: "rspamd", answer: "later", remark: "greylist" },
      milliseconds: 12.3,
    },
    `${who} id=k3v9-1-2 ${end} filter=rspamd answer=later filter_ms=12 ` +
    `remark="greylist"`,
  ],
  [
    { type: "client.refused", party, reply, by: "greet-pause" },
    `${who} ${end} ${rest} code=550 by=greet-pause ` +
    `reply="5.1.1 no such mailbox"`,
  ],
  [
    { type: "delivery.stored", delivery, queued: "1764.Qab.postern" },
    `${delivered} queued=1764.Qab.postern delivery_ms=3 attempts=2`,
  ],
  [
    { type: "delivery.deferred", delivery, reply, due: at },
    `${delivered} code=550 delivery_ms=3 attempts=2 ` +
    `due=${new Date(at).toISOString()} reply="5.1.1 no such mailbox"`,
  ],
  [
    { type: "delivery.failed", delivery, reply, report: "k3v9-1-2rx" },
    `${delivered} code=550 delivery_ms=3 attempts=2 report=k3v9-1-2rx ` +
    `reply="5.1.1 no such mailbox"`,
  ],
  [
    {
      type: "login.refused",
      party: { ...party, user: null },
      ...{ user: "bob", milliseconds: 80 },
    },
    `${who} ${end} ${rest.replace("anne", "bob")} login_ms=80`,
  ],
  [
    {
      type: "login.refused",
      party: { ...party, user: null },
      ...{ user: "bob", mechanism: "PLAIN", by: "dovecot", why: "a = b" },
      milliseconds: 2000,
    },
    `${who} ${end} ${rest.replace("anne", "bob")} mech=PLAIN by=dovecot ` +
    'login_ms=2000 reason="a \\x3d b"',
  ],
  [
    { type: "tls.begun", party: { ...party, tls: party.tls! } },
    `${who} ${end} ${rest} handshake_ms=3`,
  ],
  [
    {
      type: "tls.failed",
      ip: "192.0.2.7",
      connection: party.connection,
      reason: "no = shared",
    },
    `conn=12 ${end} reason="no \\x3d shared"`,
  ],
  [
    {
      type: "connection.deny",
      number: 12,
      connection: party.connection,
      rule: "192.0.",
    },
    `conn=12 ${end} by=rules rule=192.0.`,
  ],
  [{ type: "settings.refreshed" }, ""],
  [{ type: "rules.read", path: "/etc/tcp.cdb" }, "path=/etc/tcp.cdb"],
  [
    { type: "certificate.taken", path: "/c.pem", until: "2027-01-01" },
    "path=/c.pem until=2027-01-01",
  ],
];

Deno.test("each event is a line, and its verb is known to who reads it", () => {
  for (const [event, fields] of events) {
    const wanted = `2026-11-25T08:12:19.204Z ${event.type} ${fields}`.trim();
    assertEquals(textLineOf(event, at), wanted);
    assert(isInMailLog(event), event.type);
  }
});

Deno.test("as JSON it has the same names in the same order", () => {
  for (const [event] of events) {
    const read = readLine(textLineOf(event, at)!, listFields)!;
    const { time, event: verb, ...members } = JSON.parse(
      jsonLineOf(event, at)!,
    );
    assertEquals([time, verb], [read.time, read.verb]);
    const asText = Object.entries(members).map((
      [key, value],
    ) => [key, Array.isArray(value) ? value : String(value)]);
    assertEquals(Object.fromEntries(asText), Object.fromEntries(read.fields));
    assertEquals(Object.keys(members), [...read.fields.keys()]);
  }
});

Deno.test("other events have no line", () => {
  const others: GateEvent[] = [
    { type: "status", active: 1, limit: 40, asked: false },
    { type: "connection.ended", number: 1, waitStatus: 0 },
    { type: "trouble", text: "x" },
  ];
  for (const event of others) {
    assertEquals([textLineOf(event, at), jsonLineOf(event, at)], [null, null]);
    assert(!isInMailLog(event));
  }
});

Deno.test("lines that were lost are told in either format", () => {
  assertEquals(textLost(3, at), "2026-11-25T08:12:19.204Z log.lost lines=3");
  assertEquals(
    jsonLost(3, at),
    '{"time":"2026-11-25T08:12:19.204Z","event":"log.lost","lines":3}',
  );
});

Deno.test("ten recipients have a name in it, the others a number", () => {
  const recipients = Array.from({ length: 25 }, (_, i) => `u${i}@example.com`);
  const event: GateEvent = {
    type: "message.abandoned",
    ...{ party, message: { ...message, recipients }, why: "client" },
  };
  const line = readLine(textLineOf(event, at)!, listFields)!;
  assertEquals(line.fields.get("to"), recipients.slice(0, 10));
  assertEquals(line.fields.get("rcpts"), "25");
});

Deno.test("any bytes make one line that a pipe takes whole", () => {
  const bytes = fc.uint8Array({ maxLength: 2000 })
    .map((all) => String.fromCharCode(...all));
  const long = fc.oneof(bytes, bytes.map((text) => text.repeat(2)));
  fc.assert(
    fc.property(
      fc.array(long, { minLength: 7, maxLength: 7 }),
      fc.array(long, { maxLength: 30 }),
      ([helo, user, sender, name, ident, target, text], recipients) => {
        const event: GateEvent = {
          type: "message.refused",
          party: {
            ...party,
            ...{ helo, user },
            connection: {
              ...party.connection,
              remoteHost: name,
              remoteInfo: ident,
            },
          },
          message: { ...message, sender, recipients, target },
          ...{ reply: { code: 550, text }, by: "target" },
        };
        const asText = textLineOf(event, at)!, asJson = jsonLineOf(event, at)!;
        assert(/^[ -~]+$/.test(asText) && /^[ -~]+$/.test(asJson));
        assert(asText.length < 4096, `${asText.length}`);
        assertEquals(JSON.parse(asJson).event, "message.refused");
        const { fields } = readLine(asText, listFields)!;
        assertEquals(fields.get("id"), "k3v9-1-2");
        assertEquals(fields.get("rcpts"), `${recipients.length}`);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("postern-log(5) has each verb, and the fields in their order", () => {
  const url = new URL("../../scripts/man/postern-log.5", import.meta.url);
  const page = Deno.readTextFileSync(url);
  const told = [...page.matchAll(/^\.It Li (\w+) Ta /gm)].map(([, key]) => key);
  const met = new Set(["lines"]); // of log.lost
  for (const [event] of events) {
    const { fields } = readLine(textLineOf(event, at)!, listFields)!;
    const keys = [...fields.keys()];
    assertEquals(keys, told.filter((key) => fields.has(key)), event.type);
    for (const key of keys) met.add(key);
  }
  assertEquals(told.filter((key) => !met.has(key)), []);
  const items = [...page.matchAll(/^\.It Li ((?:\w+\.\w+(?: , )?)+)$/gm)];
  assertEquals(items.flatMap(([, item]) => item.split(" , ")), [...verbs]);
});
