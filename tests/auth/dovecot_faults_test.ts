/**
 * Log-ins while Dovecot is slow, gone, restarted, or somebody else.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Dovecot, dovecotFault } from "../../lib/auth/dovecot.ts";
import { until } from "../support/peers.ts";
import {
  FakeDovecot,
  handshake,
  withFakeDovecot,
} from "../support/dovecot_fake.ts";
import { into } from "../support/troubles.ts";

const facts = {
  local: { ip: "192.0.2.1", port: 587 },
  remote: { ip: "192.0.2.7", port: 40001 },
  session: "k8-1",
};

const options = { sanitizeOps: false, sanitizeResources: false };

/** Runs `fn` with a fake, and with what asks it. */
function test(
  name: string,
  fn: (
    fake: FakeDovecot,
    dovecot: Dovecot,
    log: string[],
  ) => Promise<void>,
  seconds = 10,
): void {
  Deno.test({
    name,
    ...options,
    fn: () =>
      withFakeDovecot(async (fake) => {
        const log: string[] = [];
        const dovecot = new Dovecot(
          { transport: "unix", path: fake.path },
          seconds,
          into(log),
        );
        try {
          await fn(fake, dovecot, log);
        } finally {
          dovecot.close();
        }
      }),
  });
}

const login = (dovecot: Dovecot) =>
  dovecot.exchange(facts).begin("PLAIN", "AGFubgB4");
const idOf = (line: string) => line.split("\t")[1];

test(
  "log-ins share a connection, and each has its own answer in whatever order",
  async (fake, dovecot) => {
    fake.answer = () => null;
    const logins = [login(dovecot), login(dovecot), login(dovecot)];
    await fake.asked(3);
    const [one, two, three] = fake.lines.map(idOf);
    await fake.say(
      `OK\t${three}\tuser=c\nFAIL\t${two}\tuser=b\nOK\t999\tuser=x\n`,
    );
    await fake.say(`OK\t${one}\tus`);
    await fake.say("er=a\n");
    assertEquals(await Promise.all(logins), [
      { type: "ok", user: "a" },
      { type: "bad", user: "b" },
      { type: "ok", user: "c" },
    ]);
    assertEquals(fake.conns.length, 1);
  },
);

test("challenges and responses are passed on", async (fake, dovecot) => {
  fake.answer = (line) =>
    line.startsWith("AUTH")
      ? `CONT\t${idOf(line)}\tVXNlcm5hbWU6\n`
      : `OK\t${idOf(line)}\tuser=ann\n`;
  const exchange = dovecot.exchange(facts);
  assertEquals(await exchange.begin("LOGIN", null), {
    type: "challenge",
    challenge: "VXNlcm5hbWU6",
  });
  assertEquals((await exchange.respond("YW5u")).type, "ok");
  assertEquals(fake.lines[1], `CONT\t${idOf(fake.lines[0])}\tYW5u`);
});

test(
  "one that is given up is cancelled, and its answer is nobody's",
  async (fake, dovecot) => {
    fake.answer = (line) => `CONT\t${idOf(line)}\t\n`;
    const exchange = dovecot.exchange(facts);
    await exchange.begin("PLAIN", null);
    exchange.abandon();
    await fake.asked(2);
    assertEquals(fake.lines[1], `CANCEL\t${idOf(fake.lines[0])}`);
    fake.answer = (line) =>
      `OK\t${idOf(fake.lines[0])}\tuser=evil\nFAIL\t${idOf(line)}\n`;
    assertEquals(await login(dovecot), { type: "bad" });
  },
);

test(
  "what Dovecot gives up while the client thinks is over",
  async (fake, dovecot) => {
    fake.answer = (line) => `CONT\t${idOf(line)}\t\n`;
    const exchange = dovecot.exchange(facts);
    await exchange.begin("PLAIN", null);
    fake.answer = (line) => `OK\t${idOf(line)}\tuser=ann\n`;
    await fake.say(`FAIL\t${idOf(fake.lines[0])}\treason=too slow\n`);
    assertEquals((await login(dovecot)).type, "ok"); // it has been heard by now
    assertEquals(await exchange.respond("AGFubgB4"), {
      type: "bad",
      why: "too slow",
    });
  },
);

test(
  "nobody is let in whose response Dovecot has not heard",
  async (fake, dovecot, log) => {
    const challenge = (line: string) => `CONT\t${idOf(line)}\t\n`;
    for (
      const unasked of [
        (line: string) => `OK\t${idOf(line)}\tuser=ann\n`,
        challenge,
      ]
    ) {
      fake.answer = (line) => challenge(line) + unasked(line);
      const exchange = dovecot.exchange(facts);
      await exchange.begin("PLAIN", null);
      await until("it has left", () => fake.leaving > 0);
      fake.leaving = 0;
      assertEquals(await exchange.respond("AGFubgB4"), { type: "later" });
    }
    assertMatch(log[0], /does not speak the protocol/);
  },
);

test("nobody is challenged on and on", async (fake, dovecot, log) => {
  fake.answer = (line) =>
    line.startsWith("CANCEL") ? null : `CONT\t${idOf(line)}\t\n`;
  const exchange = dovecot.exchange(facts);
  let { type } = await exchange.begin("LOGIN", null);
  for (let i = 0; type === "challenge" && i < 100; i++) {
    ({ type } = await exchange.respond("eA=="));
  }
  assertEquals(type, "later");
  assertMatch(log[0], /on and on/);
  await until("it is told", () => fake.lines.at(-1)!.startsWith("CANCEL"));
});

test(
  "who hangs up lets all wait no longer, and is asked again",
  async (fake, dovecot, log) => {
    fake.answer = () => null;
    const logins = Array.from({ length: 50 }, () => login(dovecot));
    await fake.asked(50);
    fake.hangUp();
    for (const { type } of await Promise.all(logins)) {
      assertEquals(
        type,
        "later",
      );
    }
    assertMatch(log.join("\n"), /^unable to ask Dovecot at \S+: it hung up$/);
    fake.answer = (line) => `OK\t${idOf(line)}\tuser=ann\n`;
    assertEquals((await login(dovecot)).type, "ok");
  },
);

test(
  "another socket in its place is asked at once, while what was begun goes on",
  async (fake, dovecot) => {
    fake.answer = (line) =>
      line.startsWith("CONT")
        ? `OK\t${idOf(line)}\tuser=old\n`
        : `CONT\t${idOf(line)}\t\n`;
    const exchange = dovecot.exchange(facts);
    await exchange.begin("PLAIN", null);
    const other = new FakeDovecot(
      `${fake.path}.new`,
      (line) => `OK\t${idOf(line)}\tuser=new\n`,
    );
    other.start();
    Deno.renameSync(other.path, fake.path);
    assertEquals(await login(dovecot), { type: "ok", user: "new" });
    assertEquals(await exchange.respond("AGFubgB4"), {
      type: "ok",
      user: "old",
    });
    await until("the old one is left", () => fake.leaving === 1);
    other.hangUp();
  },
);

test(
  "another socket is known by its time, where its number is the last one's",
  async (fake, dovecot) => {
    assertEquals((await login(dovecot)).type, "ok");
    assertEquals((await login(dovecot)).type, "ok");
    assertEquals(fake.conns.length, 1);
    Deno.utimeSync(fake.path, 1, 1);
    assertEquals((await login(dovecot)).type, "ok");
    assertEquals(fake.conns.length, 2);
  },
);

test(
  "it is not asked for a mechanism that it does not have",
  async (fake, dovecot) => {
    fake.greeting = handshake.replace("MECH\tPLAIN\tplaintext\n", "");
    const { type } = await login(dovecot);
    assertEquals([type, fake.lines], ["later", []]);
    assertEquals(dovecot.mechanisms(), ["LOGIN"]);
  },
);

test("a challenge does not outlive its connection", async (fake, dovecot) => {
  fake.answer = (line) => `CONT\t${idOf(line)}\t\n`;
  const exchange = dovecot.exchange(facts);
  await exchange.begin("PLAIN", null);
  fake.hangUp();
  fake.answer = (line) => `OK\t${idOf(line)}\tuser=ann\n`;
  await until("it is missed", async () => (await login(dovecot)).type === "ok");
  assertEquals(await exchange.respond("AGFubgB4"), { type: "later" });
  assert(!fake.lines.some((line) => line.startsWith("CONT")));
});

test(
  "one that is not there is told once, and found when it is back",
  async (fake, dovecot, log) => {
    fake.stop();
    assertEquals(await login(dovecot), { type: "later" });
    assertEquals(await login(dovecot), { type: "later" });
    assertEquals(log.length, 1, log.join("\n"));
    assertMatch(log[0], /^unable to ask Dovecot at \S+: file does not exist$/);
    fake.start();
    assertEquals((await login(dovecot)).type, "ok");
    fake.stop();
    await until(
      "it is missed",
      async () => (await login(dovecot)).type === "later",
    );
    assertEquals(log.length, 2, log.join("\n"));
  },
);

const strangers = {
  "speaks SMTP": "220 mx.example ESMTP\r\n",
  "speaks another version": "VERSION\t2\t0\n",
  "ends no line": "x".repeat(70_000),
  "begins in the middle": "DONE\n",
  "has nothing to offer": "VERSION\t1\t1\nMECH\tEXTERNAL\nDONE\n",
};

for (const [what, greeting] of Object.entries(strangers)) {
  test(`somebody who ${what} is no Dovecot`, async (fake, dovecot, log) => {
    fake.greeting = greeting;
    assertEquals(await login(dovecot), { type: "later" });
    assertEquals(log.length, 1, log.join("\n"));
    assertEquals(fake.lines, [], "nothing was told to him");
    const { address } = dovecot;
    assert(await dovecotFault(address, 5) !== null);
    fake.greeting = handshake;
    assertEquals(await dovecotFault(address, 5), null);
    assertEquals((await login(dovecot)).type, "ok");
  });
}

test(
  "nonsense in the place of an answer ends the connection",
  async (fake, dovecot, log) => {
    for (
      const nonsense of ["OK\tone\n", "\x00\xff\n", "CONT\t1\t!\n", "hm\n"]
    ) {
      fake.answer = () => nonsense;
      assertEquals(await login(dovecot), { type: "later" });
    }
    assertMatch(log[0], /does not speak the protocol/);
    fake.answer = (line) => `NEWS\t1\nOK\t${idOf(line)}\tuser=ann\n`;
    assertEquals((await login(dovecot)).type, "ok");
  },
);

test(
  "one that says nothing has its seconds, and 1,000 that wait have the same",
  async (fake, dovecot, log) => {
    fake.answer = () => null;
    const logins = Array.from({ length: 1000 }, () => login(dovecot));
    await fake.asked(1000);
    for (const { type } of await Promise.all(logins)) {
      assertEquals(
        type,
        "later",
      );
    }
    assertEquals(log.length, 1);
    assertMatch(log[0], /no answer within [\d.]+ seconds/);
    // Nobody is to hang on a connection that stands still.
    fake.answer = (line) => `OK\t${idOf(line)}\tuser=ann\n`;
    assertEquals((await login(dovecot)).type, "ok");
    assertEquals(fake.conns.length, 2);
  },
  0.5,
);

test(
  "one that is slow about some keeps the connection",
  async (fake, dovecot) => {
    fake.answer = (line) =>
      line.startsWith("AUTH") && line.endsWith("resp=c2xvdw==")
        ? null
        : `OK\t${idOf(line)}\tuser=ann\n`;
    await login(dovecot);
    const slow = dovecot.exchange(facts).begin("PLAIN", "c2xvdw==");
    let others = 0;
    const asking = setInterval(() => login(dovecot).then(() => others++), 50);
    assertEquals(await slow, { type: "later" });
    clearInterval(asking);
    assert(others > 0, "nobody else has waited");
    assertEquals((await login(dovecot)).type, "ok");
    assertEquals(fake.conns.length, 1);
  },
  0.5,
);

test(
  "mechanisms are those it had when it was last heard of",
  async (fake, dovecot) => {
    assertEquals(dovecot.mechanisms(), ["PLAIN", "LOGIN"]); // it is not known yet
    fake.greeting = handshake.replace(
      "MECH\tLOGIN\tplaintext",
      "MECH\tSCRAM-SHA-256",
    );
    fake.hangUp();
    await until(
      "it is known",
      () => dovecot.mechanisms().includes("SCRAM-SHA-256"),
    );
    assertEquals(dovecot.mechanisms(), ["PLAIN", "SCRAM-SHA-256"]);
    fake.stop();
    await until(
      "it is missed",
      async () => (await login(dovecot)).type === "later",
    );
    assertEquals(dovecot.mechanisms(), ["PLAIN", "SCRAM-SHA-256"]);
  },
);
