/**
 * Who is let in, and what is known of them: names and ident, by servers on
 * loopback addresses, and rules.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Subnets } from "../../lib/base/ip.ts";
import { Admission, type Admitted } from "../../lib/gate/admission.ts";
import type { GateOptions } from "../../lib/gate/options.ts";
import type { Ends } from "../../lib/gate/proxy.ts";
import { reverseName } from "../../lib/net/names.ts";
import {
  type DnsServer,
  failures,
  ptr,
  records,
  withDns,
  type Zone,
} from "../support/dns_server.ts";
import { type IdentServer, withIdent } from "../support/ident_server.ts";
import { inFolder, needing } from "../support/peers.ts";
import { loopback } from "../support/random.ts";
import { gateTest, options, writeRules } from "./desk.ts";

const local = { ip: loopback(), port: 25 };
const remote = { ip: loopback(), port: 4711 };
const ends: Ends = { local, remote };

const admissionBy = (of: Partial<GateOptions>) =>
  new Admission({ ...options, ...of });

/** Everybody's name server is the test's. */
async function withNames(
  zone: Zone,
  fn: (server: DnsServer) => Promise<void>,
): Promise<void> {
  const before = Deno.env.get("DNSCACHEIP");
  const ip = loopback();
  Deno.env.set("DNSCACHEIP", ip);
  try {
    await withDns(ip, zone, fn);
  } finally {
    if (before === undefined) Deno.env.delete("DNSCACHEIP");
    else Deno.env.set("DNSCACHEIP", before);
  }
}

const asks = (name: string, fn: () => Promise<void>) =>
  Deno.test(needing({ root: true }, name), fn);

const a = (...ips: string[]) =>
  records(...ips.map((data) => ({ type: "A" as const, data })));

// Names.

Deno.test(
  gateTest("a connection is let in at once where nobody has to be asked"),
  () => {
    const admitted = admissionBy({ localHost: "gate.example" }).admit(ends);
    assert(!(admitted instanceof Promise));
    assertEquals(admitted.verdict, { type: "ok" });
    assertEquals(admitted.connection, {
      local,
      remote,
      localHost: "gate.example",
      remoteHost: null,
      remoteInfo: null,
      variables: [],
      encrypted: false,
    });
  },
);

asks("both ends have the names that the DNS has for them", () =>
  withNames({
    [`${reverseName(local.ip)} PTR`]: ptr("mx.example"),
    [`${reverseName(remote.ip)} PTR`]: ptr("Client.example", "other.example"),
  }, async ({ asked }) => {
    const admission = admissionBy({ localHost: null, remoteHost: true });
    const { connection, verdict } = await admission.admit(ends);
    assertEquals(verdict, { type: "ok" });
    assertEquals(connection.localHost, "mx.example");
    assertEquals(connection.remoteHost, "client.example");
    assertEquals(asked.length, 2);
    // Ours is known by now.
    await admission.admit(ends);
    assertEquals(asked.slice(2), [`${reverseName(remote.ip)} PTR`]);
  }));

asks("an address without a name is let in without one", async () => {
  for (
    const answer of [
      { type: "failure", rcode: failures.NXDOMAIN },
      { type: "failure", rcode: failures.SERVFAIL },
      ptr("not a name.example"),
    ] as const
  ) {
    await withNames({
      [`${reverseName(local.ip)} PTR`]: answer,
      [`${reverseName(remote.ip)} PTR`]: answer,
    }, async () => {
      const admission = admissionBy({ localHost: null, remoteHost: true });
      const { connection, verdict } = await admission.admit(ends);
      assertEquals(verdict, { type: "ok" });
      assertEquals(connection.localHost, null);
      assertEquals(connection.remoteHost, null);
    });
  }
});

asks(
  "no name is asked for that is not wanted",
  () =>
    withNames({}, async ({ asked }) => {
      const admission = admissionBy({ localHost: null, remoteHost: false });
      const { connection } = await admission.admit(ends);
      assertEquals(connection.remoteHost, null);
      assertEquals(asked, [`${reverseName(local.ip)} PTR`]);
      const given = admissionBy({ localHost: "", remoteHost: true });
      await given.admit(ends);
      assertEquals(asked.slice(1), [`${reverseName(remote.ip)} PTR`]);
    }),
);

asks("a name that does not lead back is none, if that is wanted", async () => {
  const name = { [`${reverseName(remote.ip)} PTR`]: ptr("client.example") };
  for (
    const [forward, paranoid, expected] of [
      [a("192.0.2.1", remote.ip), true, "client.example"],
      [a("192.0.2.1"), true, null],
      [{ type: "failure", rcode: failures.NXDOMAIN }, true, null],
      [{ type: "failure", rcode: failures.SERVFAIL }, true, null],
      [a("192.0.2.1"), false, "client.example"],
    ] as const
  ) {
    await withNames(
      { ...name, "client.example A": forward },
      async ({ asked }) => {
        const admission = admissionBy({ remoteHost: true, paranoid });
        const { connection, verdict } = await admission.admit(ends);
        assertEquals(verdict, { type: "ok" });
        assertEquals(connection.remoteHost, expected);
        assertEquals(asked.length, paranoid ? 2 : 1);
      },
    );
  }
});

asks("a short time for ident does not take the names away", () =>
  withNames({
    [`${reverseName(remote.ip)} PTR`]: {
      type: "later",
      silent: 1,
      then: ptr("client.example"),
    },
  }, async () => {
    const admission = admissionBy({ remoteHost: true, infoTimeoutSeconds: 0 });
    const { connection } = await admission.admit(ends);
    assertEquals(connection.remoteHost, "client.example");
  }));

// Ident.

/** Runs `fn` with the ident server of `remote`. */
const withJoe = (fn: (server: IdentServer) => Promise<void>) =>
  withIdent(remote.ip, (line) => `${line} : USERID : UNIX : joe\r\n`, fn);

asks(
  "a client's ident server is asked from where it came to",
  () =>
    withJoe(async ({ asked }) => {
      const { connection } = await admissionBy({ remoteInfo: true }).admit(
        ends,
      );
      assertEquals(connection.remoteInfo, "joe");
      assertEquals(asked, [{ line: "4711 , 25", from: local.ip }]);
    }),
);

asks(
  "nobody's ident server is asked where that is not wanted",
  () =>
    withJoe(async ({ asked }) => {
      const { connection } = await admissionBy({}).admit(ends);
      assertEquals(connection.remoteInfo, null);
      assertEquals(asked, []);
    }),
);

asks(
  "the ident server behind a proxy is not asked",
  () =>
    withJoe(async ({ asked }) => {
      const admission = admissionBy({ remoteInfo: true });
      const { connection } = await admission.admit({ ...ends, byHeader: true });
      assertEquals(connection.remoteInfo, null);
      assertEquals(asked, []);
    }),
);

asks("without an ident server nothing is known", async () => {
  const { connection } = await admissionBy({ remoteInfo: true }).admit(ends);
  assertEquals(connection.remoteInfo, null);
});

// Rules.

/** What a rules text says of {@linkcode ends}. */
async function ruled(
  text: string,
  of: Partial<GateOptions> = {},
): Promise<Admitted> {
  let admitted!: Admitted;
  await inFolder(async (folder) => {
    const rules = writeRules(folder, text);
    admitted = await admissionBy({ ...of, rules }).admit(ends);
  });
  return admitted;
}

Deno.test(gateTest("a rule lets a client in, and sets variables"), async () => {
  const { connection, verdict } = await ruled(
    `${remote.ip}:allow,RELAYCLIENT="",X="y"\n:deny\n`,
  );
  assertEquals(verdict, { type: "ok" });
  assertEquals(connection.variables, [["RELAYCLIENT", ""], ["X", "y"]]);
  assertEquals(connection.remote, remote);
});

Deno.test(gateTest("a rule keeps a client out"), async () => {
  const { connection, verdict } = await ruled(`127.:deny\n:allow,X="y"\n`);
  assertEquals(verdict, { type: "deny" });
  assertEquals(connection.variables, []);
  assertEquals([connection.remote, connection.localHost], [
    remote,
    "gate.example",
  ]);
});

Deno.test(
  gateTest("where no rule is about a client it is let in"),
  async () => {
    const { connection, verdict } = await ruled(`192.0.2.:deny\n`);
    assertEquals(verdict, { type: "ok" });
    assertEquals(connection.variables, []);
  },
);

asks("a rule may be about a name, or about what ident says", () =>
  withNames(
    { [`${reverseName(remote.ip)} PTR`]: ptr("client.example") },
    () =>
      withJoe(async () => {
        const byName = `=client.example:deny\n:allow\n`;
        const host = await ruled(byName, { remoteHost: true });
        assertEquals(host.verdict, { type: "deny" });
        assertEquals(host.connection.remoteHost, "client.example");
        assertEquals((await ruled(byName)).verdict, { type: "ok" });
        const byInfo = `joe@${remote.ip}:deny\n:allow\n`;
        const info = await ruled(byInfo, { remoteInfo: true });
        assertEquals(info.verdict, { type: "deny" });
        assertEquals((await ruled(byInfo)).verdict, { type: "ok" });
      }),
  ));

Deno.test(
  gateTest("rules that cannot be read let nobody in, and say why"),
  () =>
    inFolder(async (folder) => {
      const missing = `${folder}/missing.cdb`;
      const broken = `${folder}/broken.cdb`;
      await Deno.writeTextFile(broken, "no cdb");
      for (
        const [rules, allowMissingRules, why] of [
          [missing, false, /^file does not exist$/],
          [broken, false, /./],
          [broken, true, /./],
          [folder, true, /^not a regular file$/],
        ] as const
      ) {
        const admission = admissionBy({ rules, allowMissingRules });
        const { connection, verdict } = await admission.admit(ends);
        assert(verdict.type === "drop", `${rules}: ${verdict.type}`);
        assertEquals(verdict.what, `unable to read ${rules}`);
        assert(why.test(verdict.why), verdict.why);
        assertEquals([connection.remote, connection.variables], [remote, []]);
      }
    }),
);

Deno.test(
  gateTest("rules that are not there let everybody in, if that is wanted"),
  () =>
    inFolder(async (folder) => {
      const rules = `${folder}/rules.cdb`;
      const admission = admissionBy({ rules, allowMissingRules: true });
      const verdict = async () => (await admission.admit(ends)).verdict;
      assertEquals(await verdict(), { type: "ok" });
      writeRules(folder, ":deny\n"); // the next connection sees them
      assertEquals(await verdict(), { type: "deny" });
    }),
);

// Names that let a client relay.

const reverse = `${reverseName(remote.ip)} PTR`;
const relay = 'RELAYCLIENT=""';

/** What a text says of a client whose name is client.example, and the log. */
async function named(
  text: string,
  forward: Zone,
  of: Partial<GateOptions> = {},
  from: Ends = ends,
) {
  const log: string[] = [];
  let admitted!: Admitted;
  let questions: readonly string[] = [];
  await withNames(
    { [reverse]: ptr("client.example"), ...forward },
    async ({ asked }) => {
      questions = asked;
      await inFolder(async (folder) => {
        const rules = writeRules(folder, text);
        const all = { ...options, remoteHost: true, ...of, rules };
        admitted = await new Admission(all, (event) => {
          if (event.type === "trouble") log.push(event.text);
        }).admit(from);
      });
    },
  );
  const { connection: { variables, remoteHost }, verdict } = admitted;
  return {
    says: verdict.type === "ok"
      ? variables.map((each) => each.join("=")).join()
      : verdict.type,
    remoteHost,
    log,
    asksForward: questions.filter((each) => / A(AAA)?$/.test(each)).length,
  };
}

const liar = { "client.example A": a("192.0.2.1") };
const honest = { "client.example A": a("192.0.2.1", remote.ip) };
const passedOver = (rule: string, why: string) => [
  `rule ${rule} passed over for ${remote.ip}: RELAYCLIENT wants a name that ` +
  `is confirmed (${why})`,
];

/** Rules, and what they say of a client with a name, and without. */
const byName: [text: string, honest: string, liar: string][] = [
  [`=client.example:allow,${relay}\n`, "RELAYCLIENT=", ""],
  [`=client.example:allow,${relay}\n:deny\n`, "RELAYCLIENT=", "deny"],
  [`=.example:allow,${relay}\n:allow,X="1"\n`, "RELAYCLIENT=", "X=1"],
  [`=:allow,${relay}\n:allow,X="1"\n`, "RELAYCLIENT=", "X=1"],
  [
    `=client.example:allow,Y="",${relay},Z="2"\n=.example:allow,X="1"\n`,
    "Y=,RELAYCLIENT=,Z=2",
    "X=1",
  ],
  // All of them are passed over, not only the first.
  [
    `=client.example:allow,${relay}\n=.example:allow,${relay}\n` +
    `=:allow,RELAYCLIENT="@x"\n:deny\n`,
    "RELAYCLIENT=",
    "deny",
  ],
  [
    `=client.example:allow,${relay}\n127.:allow,X="1"\n:deny\n`,
    "RELAYCLIENT=",
    "X=1",
  ],
];

asks("a name that does not lead back lets nobody relay", async () => {
  for (const [text, right, wrong] of byName) {
    const told = await named(text, honest);
    assertEquals([told.says, told.log, told.asksForward], [right, [], 1]);
    const lied = await named(text, liar);
    assertEquals([lied.says, lied.asksForward], [wrong, 1], text);
    const rule = /^[^:]*/.exec(text)![0];
    assertEquals(lied.log, passedOver(rule, "it does not lead back"));
    // For a program it is what it was.
    assertEquals(lied.remoteHost, "client.example");
  }
});

asks("a name that cannot be confirmed now lets nobody relay", async () => {
  const text = `=client.example:allow,${relay}\n:allow,X="1"\n`;
  for (
    const [forward, why] of [
      [{}, "it does not lead back"],
      [{ "client.example A": records() }, "it does not lead back"],
      [
        { "client.example A": { type: "failure", rcode: failures.SERVFAIL } },
        "the name server says SERVFAIL",
      ],
      [
        { "client.example A": { type: "failure", rcode: failures.REFUSED } },
        "the name server says REFUSED",
      ],
      [
        {
          "client.example A": records({
            type: "A",
            data: new Uint8Array([127, 0, 0]),
          }),
        },
        "the name server answers nonsense",
      ],
    ] as const
  ) {
    const { says, log } = await named(text, forward);
    assertEquals([says, log], ["X=1", passedOver("=client.example", why)]);
  }
});

asks("nobody is asked about a name that lets nobody relay", async () => {
  for (
    const [text, expected] of [
      ['=client.example:allow,X="1"\n', "X=1"],
      ["=client.example:deny\n", "deny"],
      [`=client.example:deny,${relay}\n`, "deny"],
      [`${remote.ip}:allow,${relay}\n=client.example:deny\n`, "RELAYCLIENT="],
      [`127.:allow,${relay}\n`, "RELAYCLIENT="],
      [`:allow,${relay}\n=other.example:allow,${relay}\n`, "RELAYCLIENT="],
    ]
  ) {
    const { says, asksForward, log } = await named(text, liar);
    assertEquals([says, asksForward, log], [expected, 0, []], text);
  }
});

asks(
  "tcpserver believes a name, and with -p it is asked about once",
  async () => {
    const text = `=client.example:allow,${relay}\n:allow,X="1"\n`;
    const classic = await named(text, liar, { classic: true });
    assertEquals([classic.says, classic.asksForward], ["RELAYCLIENT=", 0]);
    for (const isClassic of [false, true]) {
      const paranoid = { paranoid: true, classic: isClassic };
      const told = await named(text, honest, paranoid);
      assertEquals([told.says, told.asksForward], ["RELAYCLIENT=", 1]);
      const lied = await named(text, liar, paranoid);
      assertEquals([lied.says, lied.asksForward], ["X=1", 1]);
      assertEquals([lied.remoteHost, lied.log], [null, []]);
    }
  },
);

asks(
  "a user at a name is no better, and a user at an address is",
  () =>
    withJoe(async () => {
      const of = { remoteInfo: true };
      const rules = `joe@=client.example:allow,${relay}\n:allow,X="1"\n`;
      assertEquals((await named(rules, honest, of)).says, "RELAYCLIENT=");
      const { says, log } = await named(rules, liar, of);
      assertEquals(says, "X=1");
      assertEquals(
        log,
        passedOver("joe@=client.example", "it does not lead back"),
      );
      const address = `joe@${remote.ip}:allow,${relay}\n`;
      assertEquals((await named(address, liar, of)).says, "RELAYCLIENT=");
    }),
);

asks("a client of IPv6, and one behind a proxy", async () => {
  const ip = "2001:db8::7";
  const from: Ends = { local, remote: { ip, port: 1 }, byHeader: true };
  const data = new Uint8Array([0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 7]);
  const name = { [`${reverseName(ip)} PTR`]: ptr("client.example") };
  const text = `=client.example:allow,${relay}\n:allow,X="1"\n`;
  for (
    const [last, expected] of [[7, "RELAYCLIENT="], [8, "X=1"]] as const
  ) {
    const forward = records({ type: "AAAA", data: data.with(15, last) });
    const { says } = await named(
      text,
      // Its IPv4 addresses are no matter.
      { ...name, "client.example AAAA": forward, ...honest },
      {},
      from,
    );
    assertEquals(says, expected);
  }
});

// Limits and proxies.

Deno.test(gateTest("a client is counted in and out by its address"), () => {
  const admission = admissionBy({ perClient: 2 });
  const other: Ends = { local, remote: { ip: "192.0.2.9", port: 1 } };
  assertEquals(admission.enter(ends), null);
  assertEquals(admission.enter(ends), null);
  assertEquals(admission.enter(ends), {
    what: `too many connections from ${remote.ip}`,
    why: "at most 2 at once",
  });
  assertEquals(admission.enter(other), null);
  admission.leave(ends);
  assertEquals(admission.enter(ends), null);
});

Deno.test(gateTest("a client may come so often in a time"), () => {
  const admission = admissionBy({ rate: { connections: 1, seconds: 3600 } });
  assertEquals(admission.enter(ends), null);
  admission.leave(ends);
  assertEquals(admission.enter(ends)?.why, "at most 1 in 3600 seconds");
});

Deno.test(gateTest("a proxy's own connections are nobody's excess"), () => {
  const admission = admissionBy({
    perClient: 1,
    rate: { connections: 1, seconds: 3600 },
  });
  const own: Ends = { ...ends, byProxy: true };
  for (let i = 0; i < 3; i++) assertEquals(admission.enter(own), null);
  assertEquals(admission.enter(ends), null);
  for (let i = 0; i < 3; i++) admission.leave(own); // nobody is given back
  assert(admission.enter(ends) !== null);
});

Deno.test(
  gateTest("a client behind a proxy is counted by its own address"),
  () => {
    const admission = admissionBy({ perClient: 1 });
    assertEquals(admission.enter({ ...ends, byHeader: true }), null);
    assert(admission.enter(ends) !== null);
  },
);

Deno.test(gateTest("the header of a proxy is read, nobody else's"), () => {
  const admission = admissionBy({
    proxies: new Subnets(["192.0.2.0/24", "::1"]),
  });
  assertEquals(
    ["192.0.2.7", "192.0.3.7", "::1", "::2"].map((ip) => admission.isProxy(ip)),
    [true, false, true, false],
  );
  assertEquals(admissionBy({}).isProxy("192.0.2.7"), false);
});
