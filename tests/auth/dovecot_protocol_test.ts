/**
 * The lines of Dovecot's auth protocol, and what its answers mean.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { answerOf } from "../../lib/auth/dovecot.ts";
import {
  acceptableNames,
  beginLine,
  goOnLine,
  readServerLine,
  type Reply,
} from "../../lib/auth/dovecot_protocol.ts";

const facts = {
  local: { ip: "192.0.2.1", port: 587 },
  remote: { ip: "2001:db8::7", port: 40001 },
  session: "k8-1",
};

Deno.test("beginLine() tells who wants in, and the response last", () => {
  assertEquals(
    beginLine(7, "PLAIN", facts, "AGFubgB4"),
    "AUTH\t7\tPLAIN\tservice=smtp\tlip=192.0.2.1\tlport=587\t" +
      "rip=2001:db8::7\trport=40001\tsecured=tls\tnologin\tsession=k8-1\t" +
      "resp=AGFubgB4\n",
  );
});

Deno.test("beginLine() tells no response from an empty one, and names no client that has no address", () => {
  const unknown = { ip: "unknown", port: 0 };
  const piped = { ...facts, local: unknown, remote: unknown };
  const line = "AUTH\t1\tLOGIN\tservice=smtp\tsecured=tls\tnologin\t" +
    "session=k8-1";
  assertEquals(beginLine(1, "LOGIN", piped, null), line + "\n");
  assertEquals(beginLine(1, "LOGIN", piped, ""), line + "\tresp=\n");
});

Deno.test("nothing in a request becomes a word or a line of its own", () => {
  for (const bad of ["A\tnopenalty", "A\nAUTH", "A\0", "A\r"]) {
    assertThrows(() => beginLine(1, "PLAIN", facts, bad));
    assertThrows(() => goOnLine(1, bad));
    assertThrows(() => beginLine(1, "PLAIN", { ...facts, session: bad }, null));
  }
});

const said = (line: string): Reply => readServerLine(line) as Reply;

Deno.test("readServerLine() reads a handshake", () => {
  const lines = [
    "VERSION\t1\t2",
    "MECH\tPLAIN\tplaintext",
    "MECH\tX",
    "SPID\t7",
  ];
  assertEquals(lines.map(readServerLine), [
    { type: "version", major: 1 },
    { type: "mechanism", mechanism: { name: "PLAIN", flags: ["plaintext"] } },
    { type: "mechanism", mechanism: { name: "X", flags: [] } },
    { type: "process", id: "7" },
  ]);
  assertEquals(readServerLine("DONE"), { type: "done" });
  assertEquals(readServerLine("COOKIE\tab"), { type: "ignored" });
  assertEquals(readServerLine("MECH\tA B\r"), { type: "ignored" });
});

Deno.test("readServerLine() knows what is no line of the protocol", () => {
  const lines = [
    ...["", "220 mx ESMTP", "HTTP/1.1 400 Bad Request", "\x16\x03\x01"],
    ...["OK", "OK\tx", "OK\t-1", "OK\t99999999999", "CONT\t1\tnot base64"],
    ...["VERSION\tone", "VERSION"],
  ];
  for (const line of lines) assertEquals(readServerLine(line), null, line);
});

Deno.test("who has logged in is whom Dovecot names, with the senders that it tells", () => {
  assertEquals(answerOf(said("OK\t1\tuser=ann@a.example\tother=1")), {
    type: "ok",
    user: "ann@a.example",
  });
  assertEquals(
    answerOf(said("OK\t1\tuser=a\x01tb\x01nc\x01\x011\tsenders=x@y, @z w@v")),
    {
      type: "ok",
      user: "a\tb\nc\x011",
      senders: ["x@y", "@z", "w@v"],
    },
  );
});

Deno.test("a sender may have any byte of UTF-8", () => {
  const sender = "voil\xc3\xa0@a.example";
  assertEquals(answerOf(said(`OK\t1\tuser=ann\tsenders=${sender},@b`)), {
    ...{ type: "ok", user: "ann", senders: [sender, "@b"] },
  });
});

Deno.test("OK without a user is none", () => {
  assertThrows(() => answerOf(said("OK\t1")));
  assertThrows(() => answerOf(said("OK\t1\tuser=")));
});

Deno.test("a user who is not to be let in is not, though the password is right", () => {
  for (const barrier of ["nologin", "nologin=", "nologin=n", "proxy"]) {
    const { type } = answerOf(said(`OK\t1\tuser=ann\t${barrier}`));
    assertEquals(type, "bad", barrier);
  }
  assertEquals(answerOf(said("OK\t1\tuser=ann\tnologin\treason=gone away")), {
    type: "bad",
    user: "ann",
    why: "gone away",
  });
});

Deno.test("a failure for now is no wrong password", () => {
  const answers = [
    ...["", "user=ann", "user=ann\ttemp", "code=temp_fail"],
    ...["authz", "code=authz_fail", "user_disabled", "pass_expired"],
    "reason=\x1b[31mno\x01nway",
  ].map((words) => answerOf(said(`FAIL\t1\t${words}`)));
  assertEquals(answers, [
    { type: "bad" },
    { type: "bad", user: "ann" },
    { type: "later", user: "ann" },
    { type: "later", why: "temp_fail" },
    { type: "bad", why: "authz" },
    { type: "bad", why: "authz_fail" },
    { type: "bad", why: "user_disabled" },
    { type: "bad", why: "pass_expired" },
    { type: "bad", why: "?[31mno way" },
  ]);
});

Deno.test("what wants a certificate, or binds a channel, is not offered", () => {
  const offered = [
    ["PLAIN", "plaintext"],
    ["SCRAM-SHA-256", "mutual-auth"],
    ["SCRAM-SHA-256-PLUS", "mutual-auth", "channel-binding"],
    ["ANONYMOUS", "anonymous"],
    ["EXTERNAL"],
    ["APOP", "private"],
    ["NEW", "channel-binding"],
  ].map(([name, ...flags]) => ({ name, flags }));
  assertEquals(acceptableNames(offered), ["PLAIN", "SCRAM-SHA-256"]);
});

Deno.test("readServerLine() and answerOf() survive whatever comes", () => {
  const word = fc.oneof(
    fc.constantFrom("OK", "FAIL", "CONT", "MECH", "VERSION", "1", "user=a"),
    fc.string({ unit: "binary-ascii" }),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const line = readServerLine(words.join("\t"));
      if (line === null || !("id" in line)) return;
      if (line.type !== "ok") answerOf(line as Reply);
      else if (line.parameters.get("user")?.[0]) {
        // Nobody is let in by a line that does not say so.
        const { type } = answerOf(line);
        assertEquals(
          type === "ok",
          !line.parameters.has("nologin") && !line.parameters.has("proxy"),
        );
      }
    }),
    { numRuns: 2000 },
  );
});
