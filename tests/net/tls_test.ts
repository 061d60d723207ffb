/**
 * The TLS connection to ourselves, and who else may have it.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { TlsServer } from "../../lib/net/tls.ts";
import { makeCertificate } from "../support/certificate.ts";
import { inFolder, testWith } from "../support/peers.ts";

/** A client and the server's end of its connection. */
async function connection(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const both = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  listener.close();
  return both;
}

testWith(
  { peers: ["openssl"] },
  "a stranger who is quicker than we are gets nothing and disturbs nobody",
  () =>
    inFolder(async (folder) => {
      const { cert, keyPath } = await makeCertificate(folder);
      const server = new TlsServer({
        cert,
        key: await Deno.readTextFile(keyPath),
      });
      const [client, conn] = await connection();
      const strangers: Deno.Conn[] = [];
      const { connect } = Deno;
      Deno.connect = (async (options: Deno.ConnectOptions) => {
        for (let i = 0; i < 20; i++) strangers.push(await connect(options));
        return await connect(options);
      }) as typeof Deno.connect;
      const securing = server.secure(conn, 20);
      Deno.connect = connect;
      const secured = await Deno.startTls(client, {
        hostname: "localhost",
        caCerts: [cert],
      });
      const stream = await securing;
      await stream.write(new TextEncoder().encode("hello"));
      const bytes = new Uint8Array(10);
      const n = await secured.read(bytes);
      assertEquals(new TextDecoder().decode(bytes.subarray(0, n!)), "hello");
      assertEquals(strangers.length, 20);
      for (const stranger of strangers) {
        const got = await stranger.read(bytes).catch(() => null); // or a reset
        assertEquals(got, null);
        stranger.close();
      }
      const { port } = strangers[0].remoteAddr as Deno.NetAddr;
      const refused = await connect({ hostname: "127.0.0.1", port })
        .then(() => "listening", (error) => error.name);
      assertEquals(refused, "ConnectionRefused");
      secured.close();
      await stream.close();
    }),
);

testWith(
  { peers: ["openssl"] },
  "a key of another certificate, or none, is found before anybody comes",
  () =>
    inFolder(async (folder) => {
      const one = await makeCertificate(folder, "one");
      const other = await makeCertificate(folder, "other");
      const key = await Deno.readTextFile(other.keyPath);
      assertThrows(() => new TlsServer({ cert: one.cert, key }));
      assertThrows(() => new TlsServer({ cert: one.cert, key: one.cert }));
      assertThrows(() => new TlsServer({ cert: "", key }));
      new TlsServer({ cert: other.cert, key });
    }),
);
