import { assert, assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import type { GateEvent } from "../../lib/base/events.ts";
import type { Handover } from "../../lib/deliver/handover.ts";
import type { NextHopOptions } from "../../lib/deliver/next_hop.ts";
import { fold, isRefusal } from "../../lib/deliver/outcome.ts";
import type { Delivery, Refusal, Target } from "../../lib/deliver/target.ts";
import { readTarget } from "../../lib/deliver/targets.ts";
import { HopSecrets } from "../../lib/next_hop/secrets.ts";
import type { Beginning } from "../../lib/smtp_client/beginning.ts";
import { makeCertificate } from "../support/certificate.ts";
import {
  type Fault,
  type HopScript,
  type HopStep,
  hopSteps,
  NextHop,
} from "../support/next_hop.ts";
import { inFolder, needing, until } from "../support/peers.ts";

const beginning: Beginning = {
  sender: "a@b.example",
  sizeBytes: 0,
  eightBit: false,
  utf8: false,
  client: {
    ip: "192.0.2.1",
    port: 4321,
    host: null,
    helo: "client",
    user: null,
    protocol: "ESMTP",
    local: { ip: "192.0.2.2", port: 25 },
  },
};

interface Context {
  readonly hop: NextHop;
  readonly target: Target;
  readonly troubles: string[];
}

async function withHop(
  script: HopScript,
  fn: (context: Context) => Promise<void>,
  options: Partial<NextHopOptions> = {},
  named?: (hop: NextHop) => string,
): Promise<void> {
  const hop = new NextHop(script);
  const troubles: string[] = [];
  const target = readTarget(named?.(hop) ?? hop.target)({
    host: "gate.example",
    queueProgram: "",
    createMailboxes: false,
    minFreePercent: 0,
    emit: (event: GateEvent) => {
      if (event.type === "trouble") troubles.push(event.text);
    },
    nextHop: {
      tls: "opportunistic",
      client: "none",
      connections: 3,
      secrets: new HopSecrets(null, null),
      ...options,
    },
  });
  try {
    await fn({ hop, target, troubles });
  } finally {
    target.close?.();
    hop.close();
  }
}

/** A whole message, as a client would have it; where it ended, and how. */
async function send(
  target: Target,
  recipients: readonly string[] = ["c@d.example"],
  text = "Subject: x\n\n.dot\n",
): Promise<Delivery> {
  const handover = await target.begin!(beginning);
  const taken: string[] = [];
  let refusal: Refusal | null = null;
  for (const each of recipients) {
    const answer = await handover.recipient(each);
    if (answer === null) taken.push(each);
    else refusal = answer;
  }
  if (taken.length === 0) {
    handover.leave();
    return refusal!;
  }
  return await finish(handover, taken, text);
}

async function finish(
  handover: Handover,
  recipients: readonly string[],
  text: string,
): Promise<Delivery> {
  const message = await handover.open({ sender: "a@b.example", recipients });
  if (isRefusal(message)) return message;
  for (let at = 0; at < text.length; at += 65536) {
    await message.append(toBytes(text.slice(at, at + 65536)));
  }
  return fold(await message.commit());
}

const summary = (delivery: Delivery) =>
  delivery.type === "stored" ? "stored" : `${delivery.code}`;

Deno.test("messages go over one connection, as they were", async () => {
  for (const protocol of ["smtp", "lmtp"] as const) {
    await withHop({ protocol }, async ({ hop, target }) => {
      for (let i = 0; i < 3; i++) {
        assertEquals(await send(target, ["c@d.example", "e@d.example"]), {
          type: "stored",
          id: "taken",
        });
      }
      assertEquals(hop.connections, 1);
      assertEquals(hop.messages.length, 3);
      assertEquals(hop.messages[2], {
        sender: "a@b.example",
        recipients: ["c@d.example", "e@d.example"],
        text: "Subject: x\r\n\r\n..dot\r\n",
      });
    });
  }
});

/** What the client hears; never that it is stored. */
const faults: [
  name: string,
  fault: Fault,
  heard: (step: HopStep) => string,
][] = [
  [
    "4xx",
    { say: "452 4.3.1 full\r\n" },
    (step) => ["greeting", "hello"].includes(step) ? "451" : "452",
  ],
  // About the connection, and no message: not for good.
  [
    "5xx",
    { say: "554 5.7.0 no\r\n" },
    (step) => ["greeting", "hello"].includes(step) ? "451" : "554",
  ],
  ["421", { say: "421 4.3.2 closing\r\n", thenClose: true }, () => "451"],
  ["garbage", { say: "\x16\x03 what\r\n" }, () => "451"],
  ["a reply without an end", "endless", () => "451"],
  ["a hang-up", "hang up", () => "451"],
  ["the wrong reply", { say: "334 more\r\n" }, () => "451"],
];

for (const [name, fault, heard] of faults) {
  Deno.test(`${name} at each step is no delivery, and the next is`, async () => {
    const all = (["smtp", "lmtp"] as const).flatMap((protocol) =>
      hopSteps.map((step) => [protocol, step] as const)
    );
    await Promise.all(all.map(async ([protocol, step]) => {
      let isMended = false;
      const script: HopScript = {
        protocol,
        fault: (at) => at === step && !isMended ? fault : null,
      };
      await withHop(script, async ({ hop, target }) => {
        const what = `${protocol}, ${step}`;
        assertEquals(summary(await send(target)), heard(step), what);
        isMended = true;
        await until(
          `${what}: it is delivered`,
          async () => (await send(target)).type === "stored",
        );
        const before = hop.messages.length;
        assertEquals(await send(target), { type: "stored", id: "taken" }, what);
        assertEquals(hop.messages.length, before + 1);
      });
    }));
  });
}

Deno.test("an old connection that has gone is no failure", async () => {
  await withHop({}, async ({ hop, target }) => {
    await send(target);
    hop.script = {
      // It says so only when it is asked.
      fault: (step, _, number) =>
        step === "mail" && number === 1
          ? { say: "421 4.4.2 idle for too long\r\n", thenClose: true }
          : null,
    };
    assertEquals((await send(target)).type, "stored");
    await hop.hangUp();
    assertEquals((await send(target)).type, "stored");
    assertEquals(hop.connections, 3);
  });
});

Deno.test("a text that is left has no end over there", async () => {
  await withHop({}, async ({ hop, target }) => {
    const handover = await target.begin!(beginning);
    assertEquals(await handover.recipient("c@d.example"), null);
    const message = await handover.open({
      sender: "a@b.example",
      recipients: ["c@d.example"],
    });
    assert(!isRefusal(message));
    await message.append(toBytes("half a mess"));
    await message.abandon();
    await until("it has hung up", () => hop.open === 0);
    assertEquals(hop.messages, []);
    assertEquals((await send(target)).type, "stored");
  });
});

Deno.test("a client that leaves before its text leaves a connection of use", async () => {
  await withHop({}, async ({ hop, target }) => {
    for (let i = 0; i < 20; i++) {
      const handover = await target.begin!(beginning);
      assertEquals(await handover.recipient("c@d.example"), null);
      handover.leave();
    }
    assertEquals((await send(target)).type, "stored");
    assert(hop.connections <= 3);
    assertEquals(hop.messages.length, 1);
    assertEquals(hop.messages[0].recipients, ["c@d.example"]);
  });
});

Deno.test("recipients after the text count each for itself (LMTP)", async () => {
  const script: HopScript = {
    protocol: "lmtp",
    outcome: (to) => to.startsWith("full") ? "552 5.2.2 over quota" : "250 ok",
  };
  await withHop(script, async ({ target }) => {
    const one = await send(target, ["c@d.example", "full@d.example"]);
    assertEquals(one, {
      type: "never",
      code: 552,
      enhanced: "5.2.2",
      text: "over quota",
      by: "next-hop",
    });
  });
});

Deno.test("a recipient that is not known is refused where it is named", async () => {
  const script: HopScript = {
    fault: (step, line) =>
      step === "rcpt" && line.includes("nobody")
        ? { say: "550 5.1.1 who?\r\n" }
        : null,
  };
  await withHop(script, async ({ hop, target }) => {
    const handover = await target.begin!(beginning);
    const refusal = await handover.recipient("nobody@d.example");
    assertEquals(refusal?.code, 550);
    assertEquals(refusal?.enhanced, "5.1.1");
    assertEquals(await handover.recipient("c@d.example"), null);
    assertEquals(
      (await finish(handover, ["c@d.example"], "x\n")).type,
      "stored",
    );
    assertEquals(hop.messages[0].recipients, ["c@d.example"]);
  });
});

Deno.test("no text goes to others than the envelope has", async () => {
  await withHop({}, async ({ hop, target }) => {
    const handover = await target.begin!(beginning);
    assertEquals(await handover.recipient("c@d.example"), null);
    assertEquals(
      (await finish(handover, ["e@d.example"], "x\n")).type,
      "stored",
    );
    assertEquals(hop.messages[0].recipients, ["e@d.example"]);
  });
});

Deno.test("so many connections, and no more; the others have their turn", async () => {
  let open = 0, most = 0;
  const script: HopScript = {
    fault(step) {
      if (step === "mail") most = Math.max(most, ++open);
      if (step === "end") open--;
      return null;
    },
  };
  await withHop(script, async ({ hop, target }) => {
    const all = await Promise.all(
      Array.from({ length: 50 }, () => send(target)),
    );
    assertEquals(all.filter(({ type }) => type === "stored").length, 50);
    assertEquals(hop.connections, 3);
    assert(most <= 3);
  });
});

Deno.test("clients that do not go on keep no connection from others", async () => {
  await withHop({}, async ({ hop, target }) => {
    const idle: Handover[] = [];
    for (let i = 0; i < 10; i++) {
      const handover = await target.begin!(beginning);
      assertEquals(await handover.recipient(`c${i}@d.example`), null);
      idle.push(handover);
    }
    assertEquals((await send(target)).type, "stored");
    // Each has what it was told, when it goes on.
    for (const [i, handover] of idle.entries()) {
      const found = await finish(handover, [`c${i}@d.example`], "x\n");
      assertEquals(found.type, "stored");
      assertEquals(hop.messages.at(-1)!.recipients, [`c${i}@d.example`]);
    }
    assertEquals(hop.connections, 3);
  });
});

Deno.test("a next hop that goes away and comes back is used again", async () => {
  await withHop({}, async ({ hop, target, troubles }) => {
    assertEquals((await send(target)).type, "stored");
    const { port } = hop;
    hop.close();
    await until(
      "it is missed",
      async () => (await send(target)).type === "later",
    );
    assertEquals(troubles.length, 1);
    const back = new NextHop({}, undefined, port);
    try {
      await until(
        "it is used",
        async () => (await send(target)).type === "stored",
      );
    } finally {
      back.close();
    }
  });
});

Deno.test("of several hosts the first that is there is used", async () => {
  const gone = new NextHop();
  const { port } = gone;
  gone.close();
  await withHop(
    {},
    async ({ hop, target }) => {
      assertEquals((await send(target)).type, "stored");
      assertEquals(hop.messages.length, 1);
    },
    {},
    (hop) => `smtp:127.0.0.1:${port},127.0.0.1:${hop.port}`,
  );
});

Deno.test("a target may be a socket of this machine", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/lmtp`;
    const near = new NextHop({ protocol: "lmtp" }, path);
    try {
      await withHop(
        {},
        async ({ target }) => {
          assertEquals((await send(target)).type, "stored");
          assertEquals(near.messages.length, 1);
        },
        {},
        () => `lmtp:unix:${path}`,
      );
    } finally {
      near.close();
    }
  });
});

Deno.test("text waits for a next hop that does not read it", async () => {
  const script: HopScript = {
    fault: (step) => step === "text" ? "silence" : null,
  };
  const slow = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = slow.addr;
  const serving = (async () => {
    const conn = await slow.accept();
    const say = (text: string) => conn.write(new TextEncoder().encode(text));
    const buffer = new Uint8Array(1000);
    await say("220 slow\r\n");
    for (const reply of ["250 slow", "250 ok", "250 ok", "354 go"]) {
      await conn.read(buffer);
      await say(`${reply}\r\n`);
    }
    return conn; // and nothing is read any more
  })();
  await withHop(
    script,
    async ({ target }) => {
      const handover = await target.begin!(beginning);
      assertEquals(await handover.recipient("c@d.example"), null);
      const message = await handover.open({
        sender: "a@b.example",
        recipients: ["c@d.example"],
      });
      assert(!isRefusal(message));
      const piece = toBytes("x".repeat(1023) + "\n").slice();
      let waiting: void | Promise<void> = undefined;
      let pieces = 0;
      while (!waiting && ++pieces < 100_000) waiting = message.append(piece);
      assert(waiting instanceof Promise, "it would be kept in memory");
      await message.abandon();
      await waiting; // whoever waits is let go
    },
    {},
    () => `smtp:127.0.0.1:${port}`,
  );
  (await serving).close();
  slow.close();
});

Deno.test("a large message arrives as it was", async () => {
  await withHop({}, async ({ hop, target }) => {
    const lines = Array.from(
      { length: 30_000 },
      (_, i) => `${i % 7 === 0 ? "." : ""}line ${i} ${"x".repeat(i % 90)}\n`,
    );
    const text = lines.join("");
    assertEquals((await send(target, undefined, text)).type, "stored");
    const got = hop.messages[0].text.replace(/\r\n\./g, "\r\n")
      .replace(/^\./, "").replaceAll("\r\n", "\n");
    assert(got === text);
  });
});

/** The name that the certificate is for is `localhost`. */
const localhost = (hop: NextHop) => `smtp:localhost:${hop.port}`;
const offers = ["PIPELINING", "8BITMIME", "STARTTLS", "AUTH PLAIN"];

Deno.test({
  ...needing({ peers: ["openssl"] }, "TLS is as it was asked for"),
  fn: () =>
    inFolder(async (folder) => {
      const { certPath, keyPath, cert } = await makeCertificate(folder);
      const key = await Deno.readTextFile(keyPath);
      const certificate = { cert, key };
      const auth = `${folder}/auth`;
      await Deno.writeTextFile(auth, "localhost user pass word\n");
      const known = new HopSecrets(auth, certPath);
      const script: HopScript = { offers, certificate };
      const expectations: [
        options: Partial<NextHopOptions>,
        named: (hop: NextHop) => string,
        expected: RegExp,
      ][] = [
        [{ tls: "verified", secrets: known }, localhost, /^stored/],
        [{ tls: "required" }, localhost, /^stored/],
        // Nobody vouches for it.
        [{ tls: "verified" }, localhost, /^451 .*TLS failed: .*issuer/],
        // It is for 127.0.0.1, but not for this name of it.
        [
          { tls: "verified", secrets: new HopSecrets(null, certPath) },
          (hop) => `smtp:127.0.0.2:${hop.port}`,
          /^451/,
        ],
      ];
      for (const [options, named, expected] of expectations) {
        await withHop(
          script,
          async ({ hop, target }) => {
            const found = await send(target);
            const said = found.type === "stored"
              ? "stored"
              : `${found.code} ${found.text}`;
            assert(expected.test(said), said);
            assert(
              found.type !== "stored" || hop.lines.includes("STARTTLS"),
              "TLS was not used",
            );
            if (options.secrets === known) {
              assert(hop.lines.some((line) => /^AUTH PLAIN /.test(line)));
            }
          },
          options,
          named,
        );
      }
      // It is not offered at all.
      await withHop({}, async ({ target }) => {
        assertEquals(summary(await send(target)), "451");
      }, { tls: "required" });
    }),
});

Deno.test("the next hop is told of our client by a PROXY header", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const first = (async () => {
    const conn = await listener.accept();
    const buffer = new Uint8Array(200);
    const n = await conn.read(buffer);
    conn.close();
    return new TextDecoder().decode(buffer.subarray(0, n ?? 0));
  })();
  await withHop(
    {},
    async ({ target }) => {
      assertEquals(summary(await send(target)), "451");
    },
    { client: "proxy" },
    () => `smtp:127.0.0.1:${port}`,
  );
  assertEquals(await first, "PROXY TCP4 192.0.2.1 192.0.2.2 4321 25\r\n");
  listener.close();
});

Deno.test("a next hop that is ourselves is seen", async () => {
  await withHop(
    {},
    async ({ target }) => {
      const found = await send(target);
      assertEquals(summary(found), "451");
      assert(found.type === "later" && found.enhanced === "4.4.6");
    },
    {},
    () => "smtp:192.0.2.2:25",
  );
});
