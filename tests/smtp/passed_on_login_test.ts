/**
 * A log-in whose exchange somebody else has (Dovecot), and what he who has
 * logged in may send as.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import type { LoginAnswer } from "../../lib/mail/answers.ts";
import type { Action } from "../../lib/smtp/actions.ts";
import { noOffers } from "../../lib/smtp/commands.ts";
import { Session, type SessionConfig } from "../../lib/smtp/session.ts";
import { toBytes } from "../../lib/base/bytes.ts";
import { testConfig } from "./run.ts";

const config: SessionConfig = {
  ...testConfig,
  connection: { ...testConfig.connection, encrypted: true },
  offers: { ...noOffers, auth: true },
  mechanisms: () => ["PLAIN", "SCRAM-SHA-256"],
};

function begun(more: Partial<SessionConfig> = {}): Session {
  const session = new Session({ ...config, ...more });
  session.start();
  return session;
}

const say = (session: Session, line: string) =>
  session.ingest(toBytes(`${line}\r\n`));
const words = (actions: readonly Action[]) =>
  actions.flatMap((action) => action.type === "passOn" ? [action.word] : []);
const replies = (actions: readonly Action[]) =>
  actions.map((action) => action.type === "reply" ? action.text : "").join("");

Deno.test("EHLO names the mechanisms of whoever has the exchange", () => {
  const named = (mechanisms: string[]) =>
    replies(say(begun({ mechanisms: () => mechanisms }), "EHLO x"));
  assertMatch(named(["PLAIN", "XOAUTH2"]), /^250-AUTH PLAIN XOAUTH2\r$/m);
  assertEquals(/AUTH/.test(named([])), false);
  assertEquals(
    replies(say(begun({ mechanisms: () => ["PLAIN"] }), "AUTH LOGIN")),
    "504 5.5.4 mechanism not recognized\r\n",
  );
});

Deno.test("responses and challenges are passed on as they are", () => {
  const session = begun();
  assertEquals(words(say(session, "auth scram-sha-256 biwsbj1hbm4scj14")), [
    { type: "begin", mechanism: "SCRAM-SHA-256", response: "biwsbj1hbm4scj14" },
  ]);
  assertEquals(session.attempt, { user: "ann", mechanism: "SCRAM-SHA-256" });
  const challenge: LoginAnswer = { type: "challenge", challenge: "cj14eQ==" };
  assertEquals(
    replies(session.authenticated(challenge)),
    "334 cj14eQ==\r\n",
  );
  assertEquals(words(say(session, "Yz1iaXdz")), [
    { type: "respond", response: "Yz1iaXdz" },
  ]);
  session.authenticated({ type: "challenge", challenge: "" });
  assertEquals(words(say(session, "")), [{ type: "respond", response: "" }]);
  const answer: LoginAnswer = { type: "ok", user: "Ann", senders: ["a@b"] };
  assertEquals(
    replies(session.authenticated(answer)),
    "235 2.7.0 authenticated\r\n",
  );
  assertEquals(session.user, "Ann");
});

Deno.test("no initial response is told from an empty one", () => {
  const begins = (line: string) => words(say(begun(), line));
  const mechanism = "PLAIN", type = "begin";
  assertEquals(begins("AUTH PLAIN"), [{ type, mechanism, response: null }]);
  assertEquals(begins("AUTH PLAIN ="), [{ type, mechanism, response: "" }]);
});

Deno.test("nothing but base64 is passed on", () => {
  const bad = ["a", "a===", "AAA\tx", "AAAA\0", "AA AA", "=", "A-_A", "\xff"];
  for (const response of bad) {
    const session = begun();
    say(session, "AUTH PLAIN");
    session.authenticated({ type: "challenge", challenge: "" });
    const actions = say(session, response);
    assertEquals(words(actions), [], response);
    assertEquals(actions[0], { type: "cancelLogin" });
    assertMatch(replies(actions), /^501 5\.5\.2 /);
  }
});

Deno.test("a client that wants no more of it is told, and whoever has the exchange", () => {
  const session = begun();
  say(session, "AUTH PLAIN");
  session.authenticated({ type: "challenge", challenge: "" });
  const actions = say(session, "*");
  assertEquals(actions[0], { type: "cancelLogin" });
  assertEquals(replies(actions), "501 5.7.0 authentication cancelled\r\n");
  assertEquals(replies(say(session, "NOOP")), "250 2.0.0 ok\r\n");
});

Deno.test("wrong passwords count, and troubles cost as much as errors", () => {
  const session = begun({ limits: { errors: 100 } });
  const attempt = (type: "bad" | "later") => {
    say(session, "AUTH PLAIN AGFubgB4");
    return replies(session.authenticated({ type })).slice(0, 9);
  };
  assertEquals(
    [attempt("bad"), attempt("later"), attempt("bad"), attempt("bad")],
    ["535 5.7.8", "454 4.7.0", "535 5.7.8", "421 4.7.0"],
  );
  assertEquals(session.waiting, "closed");
});

Deno.test("whom an attempt was for is known by what the client has said", () => {
  const attempts: [string, string, string][] = [
    ["PLAIN", "\0ann\0x", "ann"],
    ["PLAIN", "boss\0ann\0x", "ann"],
    ["PLAIN", "garbage", ""],
    ["SCRAM-SHA-256", "n,a=b,n=a=2Cb=3Dc,r=x", "a,b=c"],
    ["SCRAM-SHA-256", "garbage", ""],
  ];
  for (const [mechanism, text, user] of attempts) {
    const session = begun();
    say(session, `AUTH ${mechanism} ${btoa(text)}`);
    assertEquals(session.attempt, { user, mechanism });
  }
});

Deno.test("who has logged in is refused a sender that he may not have", () => {
  const asked: unknown[] = [];
  const session = begun({
    refusesSubmitter: (submitter, sender) => {
      asked.push([submitter, sender]);
      return sender === "ann@b.example" ? null : {
        ...{ type: "never", code: 553, enhanced: "5.7.1", text: "not yours" },
        by: "sender-login",
      };
    },
  });
  // A stranger is not asked about.
  assertMatch(replies(say(session, "MAIL FROM:<x@b.example>")), /^250 /);
  say(session, "RSET");
  say(session, "AUTH PLAIN AGFubgB4");
  session.authenticated({ type: "ok", user: "Ann", senders: ["i@b.example"] });
  const actions = say(session, "MAIL FROM:<x@b.example> SIZE=1");
  assertEquals(actions[0], {
    type: "tell",
    told: {
      about: "sender",
      sender: "x@b.example",
      reply: "553 5.7.1 not yours\r\n",
      by: "sender-login",
    },
  });
  assertEquals(replies(actions), "553 5.7.1 not yours\r\n");
  assertEquals(session.hasSender, false);
  assertMatch(replies(say(session, "MAIL FROM:<ann@b.example>")), /^250 /);
  assertEquals(asked, [
    [{ user: "Ann", senders: ["i@b.example"] }, "x@b.example"],
    [{ user: "Ann", senders: ["i@b.example"] }, "ann@b.example"],
  ]);
});
