/**
 * Name servers that mean no good: they may fail a lookup, and do no more.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { concat, toBytes } from "../../lib/base/bytes.ts";
import { dnsResolver } from "../../lib/net/resolver.ts";
import { eventLoop } from "../../lib/sys/event_loop.ts";
import {
  type Asked,
  RawNameServer,
  record,
  responseTo,
  withRawNameServer,
} from "../support/raw_name_server.ts";

const name = "x.example";
const A = 1, PTR = 12, TXT = 16, AAAA = 28;
const truncated = 0x8380;

const text = (words: string) =>
  record(TXT, concat([new Uint8Array([words.length]), toBytes(words)]));
const found = (...records: string[]) => ({ type: "found", records });
const failed = (what: string) => ({
  type: "failed",
  reason: `the name server ${what}`,
});

const right = ({ query }: Asked) => responseTo(query, [text("right")]);
/** What somebody says who has not seen the query. */
function wrongId({ query }: Asked) {
  const response = responseTo(query, [text("wrong")]);
  response[0] ^= 1;
  return response;
}
function wrongName({ query }: Asked) {
  const response = responseTo(query, [text("wrong")]);
  response[13] ^= 1;
  return response;
}
const idAlone = ({ query }: Asked) => query.slice(0, 2);
const ownQuery = ({ query }: Asked) => query;
const nothing = () => new Uint8Array(0);

const pause = (milliseconds: number) =>
  new Promise((over) => setTimeout(over, milliseconds));

const resolverOf = (
  servers: RawNameServer | RawNameServer[],
  seconds = 20,
) => dnsResolver(seconds, () => [servers].flat());

for (
  const [what, stray] of Object.entries({
    "other ids": wrongId,
    "other questions": wrongName,
    "its id alone": idAlone,
    "its own query": ownQuery,
    "nothing": nothing,
  })
) {
  Deno.test(`a lookup passes over a few datagrams with ${what}`, () =>
    withRawNameServer(
      (asked) => {
        for (let i = 0; i < 60; i++) asked.send(stray(asked));
        asked.send(right(asked));
      },
      async (server) => {
        assertEquals<unknown>(
          await resolverOf(server)(name, "TXT"),
          found("right"),
        );
      },
    ));

  Deno.test(`a server that floods with ${what} is given up`, () =>
    withRawNameServer(
      async (asked) => {
        for (let i = 0; i < 130; i++) asked.send(stray(asked));
        await asked.send(right(asked));
      },
      async (server) => {
        assertEquals<unknown>(
          await resolverOf(server)(name, "TXT"),
          failed("sends what it was not asked for"),
        );
        assertEquals(server.asked, 1);
        await withRawNameServer(
          (asked) => asked.send(right(asked)),
          async (other) => {
            assertEquals<unknown>(
              await resolverOf([server, other])(name, "TXT"),
              found("right"),
            );
          },
        );
      },
    ));
}

Deno.test("others have their turn between the datagrams of a flood", () => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) eventLoop.defer(count);
  };
  return withRawNameServer(
    (asked) => {
      for (let i = 0; i < 90; i++) asked.send(wrongId(asked));
      asked.send(right(asked));
      count();
    },
    async (server) => {
      const lookup = await resolverOf(server)(name, "TXT");
      isOver = true;
      assertEquals<unknown>(lookup, found("right"));
      assert(turns >= 5, `${turns} turns`);
    },
  );
});

Deno.test("datagrams do not put off the end of a lookup", () => {
  let isOver = false;
  return withRawNameServer(
    async (asked) => {
      // Fewer than a server is given up for, in thrice the time.
      for (let i = 0; i < 90 && !isOver; i++) {
        await asked.send(wrongId(asked));
        await pause(10);
      }
      await asked.send(right(asked));
    },
    async (server) => {
      const lookup = await resolverOf(server, 0.3)(name, "TXT");
      isOver = true;
      assertEquals<unknown>(lookup, failed("does not answer"));
    },
  );
});

Deno.test("a datagram that is longer than was asked for is read", () =>
  withRawNameServer(
    (asked) =>
      asked.send(
        responseTo(asked.query, Array(40).fill(text("x".repeat(200)))),
      ),
    async (server) => {
      assertEquals<unknown>(
        await resolverOf(server)(name, "TXT"),
        found(...Array(40).fill("x".repeat(200))),
      );
    },
  ));

const one = new Uint8Array(1);
const cut = new Uint8Array([0xc0, 12, 0, TXT, 0, 1, 0, 0, 0, 0, 0, 9]);
const nonsense: [string, "TXT" | "A" | "AAAA" | "PTR", Uint8Array[]][] = [
  ["a record that is cut off", "TXT", [concat([cut, toBytes("\x03abc")])]],
  ["a string that is cut off", "TXT", [record(TXT, toBytes("\x09abcd"))]],
  ["a name of an unknown kind", "TXT", [concat([toBytes("\x80"), text("x")])]],
  ["a label of 65", "TXT", [
    concat([toBytes("A" + "a".repeat(65) + "\0"), text("x").subarray(2)]),
  ]],
  ["a name without an end", "TXT", [toBytes("\x3f".repeat(40))]],
  ["an address of 3 bytes", "A", [record(A, new Uint8Array(3))]],
  ["an address of 5 bytes", "A", [record(A, new Uint8Array(5))]],
  ["an address of 4 bytes", "AAAA", [record(AAAA, new Uint8Array(4))]],
  ["a name that is cut off", "PTR", [record(PTR, toBytes("\x05ab"))]],
  ["a pointer to itself", "PTR", [record(PTR, toBytes("\xc0\x27"))]],
  ["a pointer out of the packet", "PTR", [record(PTR, toBytes("\xff\xff"))]],
];
Deno.test("what answers by nonsense is not asked again", async () => {
  for (const [what, type, records] of nonsense) {
    await withRawNameServer(
      async (asked) => {
        const response = responseTo(asked.query, records);
        for (let i = 0; i < 40; i++) await asked.send(response);
      },
      async (server) => {
        assertEquals<unknown>(
          await resolverOf(server)(name, type),
          failed("answers nonsense"),
          what,
        );
        assertEquals(server.asked, 1, what);
      },
    );
  }
});

Deno.test("a question may come back in other letters", () =>
  withRawNameServer(
    (asked) => {
      const response = right(asked);
      for (let at = 13; at < 22; at += 2) response[at] &= 0xdf;
      return asked.send(response);
    },
    async (server) => {
      assertEquals<unknown>(
        await resolverOf(server)("xXxX.eXaMpLe", "TXT"),
        found("right"),
      );
    },
  ));

Deno.test("records of other types are passed over, whatever they hold", () =>
  withRawNameServer(
    (asked) =>
      asked.send(responseTo(asked.query, [
        record(PTR, toBytes("\xff\xff")),
        record(A, one),
        text("right"),
      ])),
    async (server) => {
      assertEquals<unknown>(
        await resolverOf(server)(name, "TXT"),
        found("right"),
      );
    },
  ));

const tooLong = (asked: Asked) =>
  asked.send(responseTo(asked.query, [], truncated));
/** A server that has its answers by TCP alone. */
const withTcp = (
  byTcp: (asked: Asked) => unknown,
  test: (server: RawNameServer) => Promise<void>,
) => withRawNameServer(tooLong, test, byTcp);
const framed = (message: Uint8Array) =>
  concat([
    new Uint8Array([message.length >> 8, message.length & 255]),
    message,
  ]);

Deno.test("of thousands of records the first hundred are read", () => {
  const labels = concat([toBytes("\x01a".repeat(120)), new Uint8Array(1)]);
  return withTcp(
    (asked) => {
      const labelsAt = asked.query.length + 12;
      const pointer = new Uint8Array([0xc0 | labelsAt >> 8, labelsAt & 255]);
      const more = record(PTR, pointer);
      return asked.send(framed(responseTo(asked.query, [
        record(PTR, labels),
        ...Array(4600).fill(more),
      ])));
    },
    async (server) => {
      assertEquals<unknown>(
        await resolverOf(server)(name, "PTR"),
        found(...Array(100).fill(Array(120).fill("a").join("."))),
      );
    },
  );
});

Deno.test("an answer by TCP may come byte by byte", () =>
  withTcp(
    async (asked) => {
      for (const byte of framed(right(asked))) {
        await asked.send(new Uint8Array([byte]));
        await pause(1);
      }
    },
    async (server) => {
      assertEquals<unknown>(
        await resolverOf(server)(name, "TXT"),
        found("right"),
      );
    },
  ));

Deno.test("bytes by TCP do not put off the end of a lookup", async () => {
  let hasSentAll = false;
  await withTcp(
    async (asked) => {
      await asked.send(new Uint8Array([0xff, 0xff]));
      for (let i = 0; i < 2000; i++) {
        await asked.send(one);
        await pause(5);
      }
      hasSentAll = true;
    },
    async (server) => {
      const lookup = await resolverOf(server, 0.3)(name, "TXT");
      assertEquals<unknown>(lookup, failed("does not answer"));
      assert(!hasSentAll);
    },
  );
});

Deno.test("a server that sends its answer byte by byte is given up in the end", () => {
  let sent = 0;
  return withTcp(
    async (asked) => {
      await asked.send(new Uint8Array([0xff, 0xff]));
      for (; sent < 20_000; sent++) {
        await asked.send(one);
        // So that the next byte is found by a look of its own.
        await new Promise((resolve) => eventLoop.defer(() => resolve(null)));
      }
    },
    async (server) => {
      assertEquals<unknown>(await resolverOf(server)(name, "TXT"), {
        type: "failed",
        reason: "the name server sends its answer byte by byte",
      });
      assert(sent < 20_000);
    },
  );
});

Deno.test("nonsense by TCP, and an early end, fail a lookup", async () => {
  const cases: [string, (asked: Asked) => unknown][] = [
    ["answers nonsense", (asked) => asked.send(framed(wrongId(asked)))],
    ["answers nonsense", (asked) => asked.send(framed(one))],
    ["answers nonsense", (asked) => asked.send(new Uint8Array(2))],
    [
      "answers nonsense",
      ({ query, send }) => send(framed(responseTo(query, [], truncated))),
    ],
    ["closed early", (asked) => asked.send(new Uint8Array([0, 99, 1]))],
    ["closed early", () => {}],
  ];
  for (const [what, serve] of cases) {
    await withTcp(serve, async (server) => {
      assertEquals<unknown>(
        await resolverOf(server)(name, "TXT"),
        failed(what),
      );
    });
  }
});
