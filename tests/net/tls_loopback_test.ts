/**
 * The TLS connection to ourselves, and who else may have it.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { LoopbackTls } from "../../lib/net/tls_loopback.ts";
import { ClientSocket } from "../../lib/sys/client_socket.ts";
import { SocketStream } from "../../lib/sys/socket_stream.ts";
import { makeCertificate } from "../support/certificate.ts";
import { inFolder, needing } from "../support/peers.ts";
import { connection, leakingNothing, Listener, send } from "../support/tls.ts";

const { listenTls } = Deno;

/** Has other programs of this machine come first, who keep their sockets. */
function withStrangers(count: number): Listener[] {
  const strangers: Listener[] = [];
  Deno.listenTls =
    ((options: Deno.ListenTlsOptions & Deno.TlsCertifiedKeyPem) => {
      const listener = listenTls(options);
      const { hostname: ip, port } = listener.addr;
      for (let i = 0; i < count; i++) {
        const { fd } = ClientSocket.connect("tcp", { ip, port });
        strangers.push(new Listener(new SocketStream(fd)));
      }
      return listener;
    }) as typeof Deno.listenTls;
  return strangers;
}

Deno.test(
  needing(
    { peers: ["openssl"] },
    "strangers who are quicker than we are get nothing and disturb nobody",
  ),
  () =>
    inFolder(async (folder) => {
      const { cert, keyPath } = await makeCertificate(folder);
      const key = await Deno.readTextFile(keyPath);
      const server = new LoopbackTls({ cert, key });
      await leakingNothing(async () => {
        const [client, network] = await connection();
        const strangers = withStrangers(20);
        const securing = server.secure(network, 20);
        Deno.listenTls = listenTls;
        const options = { hostname: "localhost", caCerts: [cert] };
        const conn = await Deno.startTls(client, options);
        await conn.handshake();
        const stream = await securing;
        new Listener(stream, true);
        await send(conn, "hello");
        const bytes = new Uint8Array(10);
        const n = await conn.read(bytes);
        assertEquals(new TextDecoder().decode(bytes.subarray(0, n!)), "hello");
        assertEquals(strangers.length, 20);
        for (const { stream, bytes } of strangers) {
          assertEquals(bytes, 0);
          stream.close();
        }
        stream.close();
        conn.close();
      });
    }),
);

Deno.test(
  needing(
    { peers: ["openssl"] },
    "the listener is there for one handshake alone",
  ),
  () =>
    inFolder(async (folder) => {
      const { cert, keyPath } = await makeCertificate(folder);
      const key = await Deno.readTextFile(keyPath);
      let at = { hostname: "", port: 0 };
      Deno.listenTls =
        ((options: Deno.ListenTlsOptions & Deno.TlsCertifiedKeyPem) => {
          const listener = listenTls(options);
          const { hostname, port } = listener.addr;
          at = { hostname, port };
          return listener;
        }) as typeof Deno.listenTls;
      const [client, network] = await connection();
      const securing = new LoopbackTls({ cert, key }).secure(network, 20);
      Deno.listenTls = listenTls;
      const options = { hostname: "localhost", caCerts: [cert] };
      const conn = await Deno.startTls(client, options);
      await conn.handshake();
      const stream = await securing;
      await assertRejects(
        () => Deno.connect(at),
        Deno.errors.ConnectionRefused,
      );
      stream.close();
      conn.close();
    }),
);
