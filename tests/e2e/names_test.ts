/**
 * Names and ident in a gate that serves others meanwhile, and which addresses
 * it listens on.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { ClientFrom } from "../support/client_from.ts";
import { ptr, withDns } from "../support/dns_server.ts";
import { TestGate, withGate } from "../support/gate.ts";
import { withIdent } from "../support/ident_server.ts";
import { needing, output, postern, until } from "../support/peers.ts";
import { loopback } from "../support/random.ts";

const programs = [["smtpd", "--deliver", "discard"], ["echo", "220 hello"]];

/** Addresses in one network: the gate's, the resolver's, clients'. */
function network() {
  const net = loopback().replace(/\d+$/, "");
  const reversed = net.split(".").slice(0, 3).reverse().join(".");
  return {
    at: (last: number) => net + last,
    reverse: (last: number) => `${last}.${reversed}.in-addr.arpa PTR`,
  };
}

for (const program of programs) {
  Deno.test(
    needing(
      { root: true },
      `who waits for a resolver or an ident server waits alone: ${program[0]}`,
    ),
    () => {
      const { at, reverse } = network();
      const zone = {
        [reverse(1)]: ptr("gate.example"),
        [reverse(9)]: ptr("mx.example"),
        [reverse(10)]: { type: "silence" } as const,
      };
      return withDns(
        at(53),
        zone,
        () =>
          withIdent(
            at(9),
            (line) => `${line} : USERID : UNIX : joe\n`,
            (ident) =>
              withIdent(at(11), () => null, (silent) =>
                withGate(
                  ["-vt600", at(1), "0", ...program],
                  { env: { DNSCACHEIP: at(53) } },
                  async (gate) => {
                    const connect = (last: number) =>
                      ClientFrom.connect(at(last), {
                        ip: at(1),
                        port: gate.port,
                      });
                    const waiting = [await connect(10), await connect(11)];
                    await gate.logged(/status: 2\/40/);
                    for (let i = 0; i < 3; i++) {
                      const client = await connect(9);
                      await client.has("220 ");
                      client.close();
                    }
                    await gate.logged(
                      /ok \d+ gate\.example:\S+:\d+ mx\.example:\S+:joe:\d+\n/,
                    );
                    assertEquals(waiting.map((each) => each.received), [
                      "",
                      "",
                    ]);
                    await until(
                      "ident is asked",
                      () => silent.asked.length > 0,
                    );
                    assertEquals(
                      new Set(
                        [...silent.asked, ...ident.asked].map((q) => q.from),
                      ),
                      new Set([at(1)]),
                    );
                    waiting.forEach((each) => each.close());
                  },
                )),
          ),
      );
    },
  );
}

Deno.test(
  needing({ root: true }, "without a resolver a client has no name at once"),
  () =>
    withGate(
      ["-vR", "127.0.0.1", "0", "echo", "220 hello"],
      { env: { DNSCACHEIP: loopback() } },
      async (gate) => {
        const to = { ip: "127.0.0.1", port: gate.port };
        const client = await ClientFrom.connect("127.0.0.1", to);
        assertEquals(await client.all(), "220 hello\n");
        await gate.logged(/ok \d+ :127\.0\.0\.1:\d+ :127\.0\.0\.1::\d+\n/);
      },
    ),
);

for (
  const [args, works, fails] of [
    [["-4", "0"], "127.0.0.1", "::1"],
    [["-6", "0"], "::1", null],
    [["-4", "-6", "::1"], "::1", "127.0.0.1"],
    [["--ipv6", "--ipv4", "localhost"], "127.0.0.1", "::1"],
    [["-6", "127.0.0.1"], "127.0.0.1", "::1"],
    [["-I", "lo", "::1"], "::1", "127.0.0.1"],
  ] as const
) {
  Deno.test(needing({}, `${args.join(" ")} listens on ${works}`), async () => {
    const gate = await TestGate.start(["-RHl0", ...args, "0", "echo", "hello"]);
    try {
      const reach = (hostname: string) =>
        Deno.connect({ hostname, port: gate.port }).then(
          (conn) => new Response(conn.readable).text(),
          () => "refused",
        );
      assertEquals(await reach(works), "hello\n");
      if (fails) assertEquals(await reach(fails), "refused");
    } finally {
      await gate.stop();
    }
  });
}

Deno.test(needing({}, "-4 and -I are about HOST"), async () => {
  const start = (...args: string[]) =>
    output(postern, ["serve", "-RHl0", ...args, "0", "cat"]);
  const v6 = await start("-4", "::1");
  assertMatch(v6.stderr, /fatal: no IP address for ::1\n$/);
  const nowhere = await start("--interface", "nosuch0", "fe80::1");
  assertMatch(nowhere.stderr, /unable to bind: device does not exist\n$/);
});

for (const program of programs) {
  Deno.test(
    needing(
      { root: true },
      `ident is not asked about a client behind a proxy: ${program[0]}`,
    ),
    () => {
      const { at } = network();
      return withIdent(at(9), (line) => `${line} : USERID : UNIX : joe\n`, (
        ident,
      ) =>
        withGate(
          ["-vHl0", "--proxy-protocol", at(8), at(1), "0", ...program],
          {},
          async (gate) => {
            const fetch = async (from: string, first: string) => {
              const client = await ClientFrom.connect(from, {
                ip: at(1),
                port: gate.port,
              });
              client.send(first);
              await client.has("220 ");
              client.close();
            };
            // The address that the header calls ours is ours indeed.
            await fetch(at(8), `PROXY TCP4 ${at(9)} ${at(1)} 1234 25\r\n`);
            await gate.logged(RegExp(`ok \\d+ 0:${at(1)}:25 :${at(9)}::1234`));
            assertEquals(ident.asked, []);
            await fetch(at(9), "");
            await gate.logged(RegExp(`ok \\d+ 0:\\S+ :${at(9)}:joe:`));
          },
        ));
    },
  );
}
