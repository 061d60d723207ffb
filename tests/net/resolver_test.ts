import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { dnsResolver, resolverSettings } from "../../lib/net/resolver.ts";
import { NameServerStub, type StubAnswer } from "../support/dns.ts";

const name = "x.example";
const txt = (data: (string | Buffer)[]): StubAnswer => ({
  answers: [{ type: "TXT", name, data }],
});

async function withServer(
  answer: ConstructorParameters<typeof NameServerStub>[0],
  test: (
    server: NameServerStub,
    resolver: ReturnType<typeof dnsResolver>,
  ) => Promise<void>,
  seconds = 20,
) {
  const server = new NameServerStub(answer);
  const resolver = dnsResolver(
    seconds,
    () => [{ ip: "127.0.0.1", port: server.port }],
  );
  try {
    await test(server, resolver);
  } finally {
    server.close();
  }
}

Deno.test("dnsResolver() gives the records of each type", () =>
  withServer(({ type }) => {
    switch (type) {
      case "A":
        return {
          answers: [
            { type: "CNAME", name, data: "y.example" },
            { type: "A", name: "y.example", data: "192.0.2.1" },
            { type: "A", name: "y.example", data: "192.0.2.2" },
          ],
        };
      case "AAAA":
        return { answers: [{ type, name, data: "2001:db8::1" }] };
      case "MX":
        return {
          answers: [{ type, name, data: { preference: 10, exchange: "mx.x" } }],
        };
      case "TXT":
        return txt(["v=spf1 ", Buffer.from([0xff, 0x41])]);
      case "PTR":
        return { answers: [{ type, name, data: "h.example" }] };
    }
    return null;
  }, async (_, resolver) => {
    const found = (records: string[]) => ({ type: "found", records });
    assertEquals<unknown>(
      await resolver(name, "A"),
      found(["192.0.2.1", "192.0.2.2"]),
    );
    assertEquals<unknown>(
      await resolver("X.example.", "AAAA"),
      found(["2001:db8::1"]),
    );
    assertEquals<unknown>(await resolver(name, "MX"), found(["10 mx.x"]));
    assertEquals<unknown>(
      await resolver(name, "TXT"),
      found(["v=spf1 \xffA"]),
    );
    assertEquals<unknown>(await resolver(name, "PTR"), found(["h.example"]));
  }));

Deno.test("dnsResolver() tells no name, no record and no answer apart", () =>
  withServer(({ name }) => {
    const rcode = { nx: 3, servfail: 2, refused: 5, formerr: 1 }[
      name.split(".")[0]
    ];
    return { rcode: rcode ?? 0 };
  }, async (server, resolver) => {
    assertEquals<unknown>(await resolver("nx.example", "A"), {
      type: "none",
      exists: false,
    });
    assertEquals<unknown>(await resolver("empty.example", "A"), {
      type: "none",
      exists: true,
    });
    for (
      const [name, rcode] of [
        ["servfail", "SERVFAIL"],
        ["refused", "REFUSED"],
        ["formerr", "FORMERR"],
      ]
    ) {
      assertEquals<unknown>(await resolver(`${name}.example`, "TXT"), {
        type: "failed",
        reason: `the name server says ${rcode}`,
      });
    }
    const asked = server.asked.length;
    for (
      const bad of [
        "",
        "a..b",
        ".",
        "x".repeat(64) + ".example",
        "a.".repeat(127) + "b",
      ]
    ) {
      assertEquals<unknown>(await resolver(bad, "A"), {
        type: "none",
        exists: false,
      });
    }
    assertEquals(server.asked.length, asked);
  }));

Deno.test("dnsResolver() asks by TCP for what does not fit", () => {
  const long = ["x".repeat(255), "y".repeat(255), "z".repeat(255)];
  return withServer(
    (_, transport) => transport === "udp" ? { truncated: true } : txt(long),
    async (server, resolver) => {
      assertEquals<unknown>(await resolver(name, "TXT"), {
        type: "found",
        records: [long.join("")],
      });
      assertEquals(server.asked, [
        `TXT ${name} over udp`,
        `TXT ${name} over tcp`,
      ]);
    },
  );
});

Deno.test("dnsResolver() takes no response but its own", () =>
  withServer(() => ({
    ...txt(["true"]),
    rewrite: (response) => {
      const otherId = response.slice();
      otherId[0] ^= 1;
      const otherName = response.slice();
      otherName[13] ^= 1;
      const query = response.slice();
      query[2] &= 0x7f;
      const cut = response.slice(0, 20);
      // dns-packet takes half a second for what is not there.
      const boast = response.slice();
      boast[8] = 0xfe;
      return [
        otherId,
        otherName,
        query,
        boast,
        cut,
        new Uint8Array(0),
        response,
      ]
        .map((each, i) => {
          // Were it taken, its text would tell.
          if (i < 4) each[each.length - 1] = 0x21;
          return each;
        });
    },
  }), async (_, resolver) => {
    assertEquals<unknown>(await resolver(name, "TXT"), {
      type: "found",
      records: ["true"],
    });
  }));

Deno.test("dnsResolver() does not ask about names it could not write", () =>
  withServer(
    () => txt(["asked"]),
    async (server, resolver) => {
      const wrong = [
        ...["", ".", "a..example", `${"x".repeat(64)}.example`],
        ...[
          `${"\xfc".repeat(32)}.example`,
          "\xfc.example",
          "b\u00fccher.example",
        ],
        "x.".repeat(128),
      ];
      for (const name of wrong) {
        assertEquals(await resolver(name, "TXT"), {
          type: "none",
          exists: false,
        });
      }
      assertEquals(server.asked, []);
    },
  ));

Deno.test("dnsResolver() goes on to the next server", async () => {
  const bad = new NameServerStub(() => ({ rcode: 2 }));
  const good = new NameServerStub(() => txt(["good"]));
  const resolver = dnsResolver(
    20,
    () => [bad, good].map(({ port }) => ({ ip: "127.0.0.1", port })),
  );
  try {
    assertEquals<unknown>(await resolver(name, "TXT"), {
      type: "found",
      records: ["good"],
    });
    assertEquals([bad.asked.length, good.asked.length], [1, 1]);
  } finally {
    bad.close();
    good.close();
  }
});

Deno.test("dnsResolver() gives up in time", () =>
  withServer(() => null, async (_, resolver) => {
    assertEquals((await resolver(name, "A")).type, "failed");
  }, 0.3));

Deno.test("resolvers come from DNSCACHEIP, else from resolv.conf", () => {
  const conf = "# comment\nsearch a.example b.example\n" +
    "nameserver 192.0.2.1\nnameserver\t2001:db8::1 \nnameserver x\n";
  assertEquals(resolverSettings(undefined, conf), {
    servers: ["192.0.2.1", "2001:db8::1"],
    search: ["a.example", "b.example"],
  });
  const servers = (cacheIp: string) => resolverSettings(cacheIp, conf).servers;
  assertEquals(servers("127.0.0.9"), ["127.0.0.9"]);
  assertEquals(servers("192.0.2.8.192.0.2.9"), ["192.0.2.8", "192.0.2.9"]);
  assertEquals(servers("::1"), ["::1"]);
  assertEquals(servers("nonsense"), ["192.0.2.1", "2001:db8::1"]);
  assertEquals(resolverSettings("", "").servers, ["127.0.0.1"]);
});

Deno.test("dnsResolver() hears at once that nobody is there", async () => {
  const good = new NameServerStub(() => txt(["good"]));
  const ports = [1, good.port]; // nobody has that one
  const resolver = dnsResolver(
    0.9, // less than a silent server's first round
    () => ports.map((port) => ({ ip: "127.0.0.1", port })),
  );
  assertEquals((await resolver(name, "TXT")).type, "found");
  good.close();
});
