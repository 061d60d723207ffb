/**
 * EDNS0 (RFC 6891): questions that allow longer answers, and the servers that
 * know nothing of it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { concat, toBytes } from "../../lib/base/bytes.ts";
import { EdnsServers } from "../../lib/net/edns_servers.ts";
import { dnsResolver } from "../../lib/net/resolver.ts";
import {
  type Asked,
  opt,
  RawNameServer,
  record,
  responseTo,
  withRawNameServer,
} from "../support/raw_name_server.ts";

const name = "x.example";
const TXT = 16;
const FORMERR = 1, SERVFAIL = 2, NOTIMP = 4, REFUSED = 5;

const text = (words: string) =>
  record(TXT, concat([new Uint8Array([words.length]), toBytes(words)]));
const found = (...records: string[]) => ({ type: "found", records });
const right = ({ query }: Asked) => responseTo(query, [text("right")]);
const refusal = (rcode: number) => ({ query }: Asked) =>
  responseTo(query, [], 0x8180 | rcode);
/** As a server does that does not even read the question. */
const bareRefusal = (rcode: number) => ({ query }: Asked) => {
  const header = responseTo(query, [], 0x8180 | rcode).slice(0, 12);
  header[5] = 0;
  return header;
};

const resolverOf = (...servers: RawNameServer[]) =>
  dnsResolver(20, () => servers);

/** A server that knows no EDNS0, and what it was asked with. */
async function withOldServer(
  toEdns: (asked: Asked) => Uint8Array | null,
  fn: (server: RawNameServer, seen: (number | null)[]) => Promise<void>,
  byTcp: (asked: Asked) => unknown = () => {},
): Promise<void> {
  const seen: (number | null)[] = [];
  await withRawNameServer(
    (asked) => {
      seen.push(asked.datagramBytes);
      const answer = asked.datagramBytes === null
        ? right(asked)
        : toEdns(asked);
      return answer && asked.send(answer);
    },
    (server) => fn(server, seen),
    byTcp,
  );
}

for (
  const [what, toEdns] of Object.entries({
    "FORMERR": refusal(FORMERR),
    "NOTIMP": refusal(NOTIMP),
    "SERVFAIL": refusal(SERVFAIL),
    "FORMERR and no question": bareRefusal(FORMERR),
    "NOTIMP and no question": bareRefusal(NOTIMP),
    "nothing": () => null,
  })
) {
  Deno.test(`who says ${what} to EDNS0 is asked without, from then on`, () =>
    withOldServer(toEdns, async (server, seen) => {
      const resolver = resolverOf(server);
      for (let i = 0; i < 3; i++) {
        assertEquals<unknown>(await resolver(name, "TXT"), found("right"));
      }
      assertEquals(seen, [1232, null, null, null]);
      // It is remembered by whoever asks, not for everybody.
      seen.length = 0;
      if (what !== "nothing") await resolverOf(server)(name, "TXT");
      assertEquals(seen, what === "nothing" ? [] : [1232, null]);
    }));
}

Deno.test("another server is asked before an old one is asked again", () =>
  withOldServer(
    refusal(SERVFAIL),
    (old, seen) =>
      withRawNameServer((asked) => asked.send(right(asked)), async (other) => {
        const resolver = resolverOf(old, other);
        assertEquals<unknown>(await resolver(name, "TXT"), found("right"));
        assertEquals([seen, other.asked], [[1232], 1]);
        await resolver(name, "TXT");
        assertEquals([seen, other.asked], [[1232, null], 1]);
      }),
  ));

Deno.test("a refusal by TCP may be for EDNS0 too", () =>
  withOldServer(
    ({ query }) => responseTo(query, [], 0x8380),
    async (server, seen) => {
      const resolver = resolverOf(server);
      assertEquals<unknown>(await resolver(name, "TXT"), found("right"));
      assertEquals(seen, [1232, null]);
    },
    (asked) => {
      const message = refusal(FORMERR)(asked);
      return asked.send(concat([new Uint8Array([0, message.length]), message]));
    },
  ));

Deno.test("who knows EDNS0, or refuses for other reasons, is not asked again", async () => {
  const knowing = (rcode: number) => ({ query }: Asked) =>
    responseTo(query, [opt], 0x8180 | rcode, 1);
  const cases: [string, (asked: Asked) => Uint8Array][] = [
    ["FORMERR", knowing(FORMERR)],
    ["SERVFAIL", knowing(SERVFAIL)],
    ["NOTIMP", knowing(NOTIMP)],
    ["REFUSED", knowing(REFUSED)],
    ["REFUSED", refusal(REFUSED)],
  ];
  for (const [what, answer] of cases) {
    await withRawNameServer(
      (asked) => asked.send(answer(asked)),
      async (server) => {
        assertEquals<unknown>(await resolverOf(server)(name, "TXT"), {
          type: "failed",
          reason: `the name server says ${what}`,
        });
        assertEquals(server.asked, 1, what);
      },
    );
  }
});

Deno.test("a failure of a server that takes EDNS0 is a failure", () => {
  const answers = [right, refusal(SERVFAIL)];
  return withRawNameServer(
    (asked) => asked.send(answers.shift()!(asked)),
    async (server) => {
      const resolver = resolverOf(server);
      assertEquals<unknown>(await resolver(name, "TXT"), found("right"));
      assertEquals((await resolver(name, "TXT")).type, "failed");
      assertEquals(server.asked, 2);
    },
  );
});

Deno.test("who refuses without EDNS0 as well is not asked a third time", async () => {
  for (const refuse of [refusal(SERVFAIL), bareRefusal(SERVFAIL)]) {
    await withRawNameServer(
      (asked) => asked.send(refuse(asked)),
      async (server) => {
        const resolver = resolverOf(server);
        assertEquals<unknown>(await resolver(name, "TXT"), {
          type: "failed",
          reason: "the name server says SERVFAIL",
        });
        assertEquals(server.asked, 2);
        await resolver(name, "TXT");
        assertEquals(server.asked, 3);
      },
    );
  }
});

Deno.test("a message without a question is no answer, unless it refuses", () => {
  const headerOf = (flags: number) => ({ query }: Asked) => {
    const header = responseTo(query, [], flags).slice(0, 12);
    header[5] = 0;
    return header;
  };
  const otherId = (asked: Asked) => {
    const header = bareRefusal(FORMERR)(asked);
    header[0] ^= 1;
    return header;
  };
  const boasting = (asked: Asked) => {
    const header = bareRefusal(FORMERR)(asked);
    header[7] = 1;
    return header;
  };
  return withRawNameServer(
    async (asked) => {
      for (
        const stray of [
          headerOf(0x8180), // NOERROR
          headerOf(0x8183), // NXDOMAIN
          headerOf(0x8380), // TC
          headerOf(0x0181), // no response
          otherId,
          boasting,
        ]
      ) await asked.send(stray(asked));
      await asked.send(right(asked));
    },
    async (server) => {
      assertEquals<unknown>(
        await resolverOf(server)(name, "TXT"),
        found("right"),
      );
      assertEquals(server.asked, 1);
    },
  );
});

Deno.test("a datagram over 512 bytes is read, whoever sends it", async () => {
  for (const bytes of [480, 481, 482, 483, 1232, 1233, 4096, 65500]) {
    const count = Math.floor((bytes - 27) / 250);
    await withRawNameServer(
      (asked) => {
        const records = Array.from(
          { length: count },
          () => text("x".repeat(237)),
        );
        const head = 12 + 15; // header and question
        const rest = bytes - head - count * 250;
        if (rest > 13) records.push(text("y".repeat(Math.min(255, rest - 13))));
        return asked.send(responseTo(asked.query, records));
      },
      async (server) => {
        const lookup = await resolverOf(server)(name, "TXT");
        assert(lookup.type === "found", `${bytes}: ${JSON.stringify(lookup)}`);
        assert(lookup.records.length >= Math.min(100, count), `${bytes}`);
      },
    );
  }
});

Deno.test("EdnsServers: what is sure outlasts silence, but not for ever", () => {
  let now = 0;
  const servers = new EdnsServers(() => now);
  const one = { ip: "192.0.2.1", port: 53 }, other = { ...one, port: 54 };
  const asks = () => [one, other].map((each) => servers.isFor(each));
  assertEquals(asks(), [true, true]);
  // Silence is a guess, and is taken back.
  servers.wasSilent(one, true);
  assertEquals(asks(), [false, true]);
  servers.wasSilent(one, false);
  assertEquals(asks(), [true, true]);
  // An answer without an OPT record makes sure of it.
  servers.wasSilent(one, true);
  servers.answered(one, "unknown");
  servers.wasSilent(one, false);
  assertEquals(asks(), [false, true]);
  now += 15 * 60_000 - 1;
  assertEquals(asks(), [false, true]);
  now += 1;
  assertEquals(asks(), [true, true]);
  // Who has shown that it knows it is only slow.
  servers.answered(one, "taken");
  servers.wasSilent(one, true);
  assertEquals(asks(), [true, true]);
  servers.answered(one, "refused"); // replaced by another program
  assertEquals(asks(), [false, true]);
  servers.answered(one, "unknown");
  assertEquals(asks(), [false, true]);
  servers.answered(one, "taken");
  assertEquals(asks(), [true, true]);
  // However many there are, few are remembered.
  for (let port = 1; port < 200; port++) {
    servers.answered({ ...one, port }, "refused");
  }
  let remembered = 0;
  for (let port = 1; port < 200; port++) {
    if (!servers.isFor({ ...one, port })) remembered++;
  }
  assert(remembered > 0 && remembered <= 64, `${remembered}`);
});
