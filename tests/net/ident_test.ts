/**
 * The ident client against a server of ours that says all kinds of things.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { identify, userOf } from "../../lib/net/ident.ts";
import { withIdent } from "../support/ident_server.ts";
import { needing } from "../support/peers.ts";
import { loopback } from "../support/random.ts";

const replies: [reply: string, user: string | null][] = [
  ["25 , 4711 : USERID : UNIX : joe\r\n", "joe"],
  ["25,4711:USERID:UNIX:joe\n", "joe"],
  ["x : USERID : UNIX : joe the  plumber \r\n", "joetheplumber"],
  ["x : USERID : UNIX : \tj\toe\r\n", "joe"],
  ["x : USERID : UNIX : j\x01\x7f\xe9\x1b[31m\r\n", "j????[31m"],
  ["x : USERID : UNIX : j%o:e@x\r\n", "j%o:e@x"],
  ["x : USERID : UNIX : jo\0e\r\n", "jo"],
  ["x : ERROR : NO-USER\r\n", ""],
  ["x : ERROR : NO-USER : a : b\r\n", "a:b"],
  ["\n", ""],
  ["hello\nx : USERID : UNIX : joe\n", ""],
  ["x : USERID : UNIX : \r\n", ""],
  ["x : USERID : UNIX : joe", null],
  ["x : USERID", null],
  ["", null],
  ["x : USERID : UNIX : " + "y".repeat(5000), "y".repeat(257)],
];

Deno.test("a reply is read as tcpserver reads it", () => {
  for (const [reply, user] of replies) {
    assertEquals(userOf(reply), user, JSON.stringify(reply.slice(0, 60)));
  }
});

Deno.test(
  needing({ root: true }, "the server is asked from the client's own target"),
  () =>
    withIdent(
      loopback(),
      (line) => `${line} : USERID : UNIX : joe\r\n`,
      async (server) => {
        const local = { ip: loopback(), port: 25 };
        const remote = { ip: server.ip, port: 4711 };
        assertEquals(await identify(local, remote, 5), "joe");
        assertEquals(server.asked, [{ line: "4711 , 25", from: local.ip }]);
        // Such an address is what a proxy tells; nobody can be asked from it.
        const foreign = { ip: "192.0.2.1", port: 25 };
        assertEquals(await identify(foreign, remote, 5), null);
        assertEquals(server.asked.length, 1);
      },
    ),
);

Deno.test(
  needing({ root: true }, "no server, silence and an endless reply end"),
  async () => {
    const local = { ip: loopback(), port: 25 };
    const ask = (ip: string) => identify(local, { ip, port: 4711 }, 1);
    assertEquals(await ask(loopback()), null);
    const silent = () => null;
    await withIdent(loopback(), silent, async ({ ip }) => {
      assertEquals(await ask(ip), null);
    });
    const endless = () => "no end, and no colon".repeat(100_000);
    await withIdent(loopback(), endless, async ({ ip }) => {
      assertEquals(await ask(ip), null);
    });
  },
);

/** An ident server that sends these bytes one at a time. */
async function withDribble(
  bytes: Uint8Array,
  fn: (ip: string) => Promise<void>,
) {
  const ip = loopback();
  const listener = Deno.listen({ hostname: ip, port: 113 });
  const serving = (async () => {
    const conn = await listener.accept();
    conn.setNoDelay(true);
    try {
      for (const byte of bytes) {
        await conn.write(new Uint8Array([byte]));
        await new Promise((over) => setTimeout(over, 2));
      }
    } catch {
      // The asker has gone.
    }
    conn.close();
  })();
  try {
    await fn(ip);
  } finally {
    await serving;
    listener.close();
  }
}

Deno.test(needing({ root: true }, "a reply may come byte by byte"), () => {
  const reply = "4711 , 25 : USERID : UNIX : joe\r\n";
  return withDribble(new TextEncoder().encode(reply), async (ip) => {
    const local = { ip: loopback(), port: 25 };
    assertEquals(await identify(local, { ip, port: 4711 }, 20), "joe");
  });
});

Deno.test(
  needing({ root: true }, "bytes do not put off the end of the time"),
  () => {
    // It comes, though seconds after the time that it had.
    const reply = " ".repeat(1400) + ":::joe\n";
    return withDribble(new TextEncoder().encode(reply), async (ip) => {
      const local = { ip: loopback(), port: 25 };
      assertEquals(await identify(local, { ip, port: 4711 }, 0.2), null);
    });
  },
);
