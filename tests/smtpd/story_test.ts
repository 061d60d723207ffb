/**
 * What is told of a session's messages while the driver sees to them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { GateEvent, MessageFacts } from "../../lib/base/events.ts";
import type { Answer, Refusal } from "../../lib/mail/answers.ts";
import {
  drivenFor,
  envelope,
  type Given,
  hello,
  settled,
  targetOf,
  text,
} from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

const name = "k3v9-1";

/** Runs a session, and tells what was told of it. */
async function eventsOf(
  says: string,
  given: Given = {},
  act: (driven: ReturnType<typeof drivenFor>, client: FakeClient) => unknown = (
    _,
    client,
  ) => client.leave(),
): Promise<GateEvent[]> {
  const events: GateEvent[] = [];
  const client = new FakeClient(says);
  const driven = drivenFor(client, {
    ...given,
    config: { name, ...given.config },
    services: { emit: (event) => events.push(event), ...given.services },
  });
  await settled();
  await act(driven, client);
  await settled();
  await driven.exitCode;
  return events;
}

/** The part of an event that a test looks at. */
function summary(event: GateEvent): unknown[] {
  const { type } = event;
  switch (type) {
    case "message.stored":
      return [type, event.message.id, event.reply.code];
    case "message.refused":
      return [type, event.message.id, event.by, event.reply.code];
    case "message.abandoned":
      return [type, event.message.id, event.why];
    case "recipient.refused":
      return [type, event.recipient, event.by, event.reply.code];
    case "login.accepted":
    case "login.refused":
    case "login.deferred":
      return [type, event.user];
    default:
      return [type];
  }
}

const summaries = async (...of: Parameters<typeof eventsOf>) =>
  (await eventsOf(...of)).map(summary);

Deno.test("a message that is stored, and all that is known of it", async () => {
  const [event, ...others] = await eventsOf(hello + envelope + text, {
    services: { target: { ...targetOf({}), name: "maildir:./M" } },
  });
  assertEquals(others, []);
  assert(event.type === "message.stored");
  const { party, message, queued, reply } = event;
  assertEquals([party.session, party.helo, party.user], [name, "x", null]);
  const { phases, ...facts } = message;
  const received = "Received: from client.example (HELO x) (192.0.2.7)\n" +
    `  by gate.example with SMTP id ${name}-1; 24 Nov 2026 08:12:19 -0000\n`;
  const wanted: Omit<MessageFacts, "phases"> = {
    id: `${name}-1`,
    sender: "",
    recipients: ["a@example.com"],
    protocol: "SMTP",
    sizeBytes: received.length + "Subject: x\n\nx\n".length,
    target: "maildir:./M",
  };
  assertEquals(facts, wanted);
  assert(Object.values(phases).every((each) => each >= 0));
  assertEquals(queued, "1");
  assertEquals(reply, { code: 250, text: `2.0.0 ok ${name}-1` });
});

Deno.test("each message has a number, and each reason a word", async () => {
  const never: Refusal = {
    ...{ type: "never", code: 554, enhanced: "5.6.0", text: "no" },
  };
  const refusing = targetOf({ commit: () => never });
  assertEquals(
    await summaries(hello + (envelope + text).repeat(2), {
      services: { target: refusing },
    }),
    [
      ["message.refused", `${name}-1`, "target", 554],
      ["message.refused", `${name}-2`, "target", 554],
    ],
  );
  const full = {
    ...targetOf({}),
    open: (): Refusal => ({ ...never, type: "later", code: 452 }),
  };
  assertEquals(
    await summaries(hello + envelope + "DATA\r\n", {
      services: { target: full },
    }),
    [["message.refused", `${name}-1`, "target", 452]],
  );
  const big = `DATA\r\n${"x\r\n".repeat(100)}.\r\n`;
  assertEquals(
    await summaries(hello + envelope + big + envelope + text, {
      config: { databytes: 50 },
    }),
    [
      ["message.refused", `${name}-1`, "databytes", 552],
      ["message.stored", `${name}-2`, 250],
    ],
  );
  assertEquals(
    await summaries(hello + envelope + "DATA\r\nx\nx\r\n.\r\n"),
    [["message.refused", `${name}-1`, "text", 554]],
  );
  assertEquals(
    await summaries("EHLO x\r\nMAIL FROM:<a@b> SIZE=99\r\n", {
      config: { databytes: 50 },
    }),
    [["message.refused", null, "databytes", 552]],
  );
});

Deno.test("in chunks it is the same", async () => {
  const chunk = (size: number, last = "") =>
    `BDAT ${size}${last}\r\n${"x".repeat(size)}`;
  const start = "EHLO x\r\n" + envelope;
  assertEquals(
    await summaries(start + chunk(5) + chunk(5, " LAST")),
    [["message.stored", `${name}-1`, 250]],
  );
  assertEquals(await summaries(start + chunk(5) + "RSET\r\n" + envelope), [
    ["message.abandoned", `${name}-1`, "reset"],
  ]);
  assertEquals(
    await summaries(start + chunk(99) + "RSET\r\n", {
      config: { databytes: 50 },
    }),
    [["message.refused", `${name}-1`, "databytes", 552]],
  );
});

Deno.test("a message that is left, by whomever", async () => {
  const half = hello + envelope + "DATA\r\nSubject: x\r\n";
  assertEquals(await summaries(half), [
    ["message.abandoned", `${name}-1`, "client"],
  ]);
  assertEquals(await summaries(half, {}, ({ stop }) => stop()), [
    ["message.abandoned", `${name}-1`, "shutdown"],
  ]);
  assertEquals(
    await summaries(
      half,
      { patience: { idleSeconds: 2 } },
      ({ pass }) => pass(5),
    ),
    [["message.abandoned", `${name}-1`, "timeout"]],
  );
  // No text was begun.
  assertEquals(await summaries(hello + envelope), []);
});

Deno.test("recipients, by whoever refuses them", async () => {
  const answer: Answer = {
    ...{ type: "never", code: 550, enhanced: "5.1.1", text: "no" },
    by: "recipients",
  };
  const says = hello + "MAIL FROM:<bad@b.c>\r\nRCPT TO:<a@example.com>\r\n" +
    "RSET\r\nMAIL FROM:<>\r\nRCPT TO:<a@else.where>\r\nRCPT TO:<\r\n" +
    "RCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n";
  assertEquals(
    await summaries(says, {
      config: { asks: true },
      services: { ask: () => Promise.resolve(answer) },
    }),
    [
      ["recipient.refused", "a@example.com", "badmailfrom", 553],
      ["recipient.refused", "a@else.where", "rcpthosts", 553],
      ["recipient.refused", "<", "syntax", 501],
      ["recipient.refused", "a@example.com", "recipients", 550],
      ["recipient.refused", "b@example.com", "recipients", 550],
    ],
  );
  assertEquals(
    (await summaries(says, { config: { limits: { recipients: 1 } } })).at(-1),
    ["recipient.refused", "b@example.com", "recipients-limit", 452],
  );
});

Deno.test("handshakes, and log-ins that do or do not come about", async () => {
  const tls = { version: "TLSv1.3", cipher: "TLS_X", handshakeMs: 1 };
  const offers = { startTls: true, auth: true };
  const logins = ["bad", "later", "ok"] as const;
  let login = 0;
  const events = await eventsOf("EHLO x\r\nSTARTTLS\r\n", {
    config: {
      offers: { ...offers, binaryMime: false, smtpUtf8: false },
    },
    services: {
      secure: () => {
        const secured = new FakeClient(
          "EHLO y\r\n" + "AUTH PLAIN AGFubmUAeA==\r\n".repeat(3) + "QUIT\r\n",
        );
        return Promise.resolve(Object.assign(secured, { tls }));
      },
      authenticate: () => Promise.resolve({ type: logins[login++] }),
    },
  }, () => {});
  assertEquals(events.map(summary), [
    ["tls.begun"],
    ["login.refused", "anne"],
    ["login.deferred", "anne"],
    ["login.accepted", "anne"],
  ]);
  const parties = events.map((event) => "party" in event ? event.party : null);
  assertEquals(parties.map((party) => [party?.helo, party?.tls]), [
    [null, tls],
    ...Array(3).fill(["y", tls]),
  ]);
});

Deno.test("classic replies and trace lines have no id of ours", async () => {
  const client = new FakeClient(hello + envelope + text);
  let message = "";
  const events: GateEvent[] = [];
  const driven = drivenFor(client, {
    config: { classic: true, name },
    services: {
      emit: (event) => events.push(event),
      target: targetOf({
        append: (bytes) => {
          message += new TextDecoder().decode(bytes);
        },
      }),
    },
  });
  await settled();
  client.leave();
  await driven.exitCode;
  assert(!(client.heard + message).includes(name), client.heard + message);
  assert(client.heard.includes("\r\n250 ok 1795507939 qp 1\r\n"), client.heard);
  assertEquals(events.map(summary), [
    ["message.stored", `${name}-1`, 250],
  ]);
});
