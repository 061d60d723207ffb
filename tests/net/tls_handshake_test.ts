/**
 * Handshakes on a stream: which succeed, and why others fail.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { tlsServer } from "../../lib/net/tls.ts";
import { handshakeFailure } from "../../lib/net/tls_failure.ts";
import { LoopbackTls } from "../../lib/net/tls_loopback.ts";
import { NodeTls } from "../../lib/net/tls_node.ts";
import { hasNodeTls } from "../../lib/net/tls_probe.ts";
import { makeCertificate } from "../support/certificate.ts";
import { inFolder, needing, output, until } from "../support/peers.ts";
import { randomFrom, runs } from "../support/random.ts";
import {
  bothWays,
  certificateIn,
  connection,
  isClosed,
  leakingNothing,
  Listener,
  rest,
  secured,
  send,
  startTls,
  StreamListener,
} from "../support/tls.ts";

const testBoth: (...test: Parameters<typeof bothWays>) => void = (...test) =>
  bothWays(...test).forEach((each) => Deno.test(each));

const pause = (ms: number) => new Promise((over) => setTimeout(over, ms));

testBoth("bytes that came with the handshake's last", async (context) => {
  const { certificate, server } = context;
  const [client, network] = await connection();
  const securing = server.secure(network, 20);
  const conn = await startTls(client, certificate);
  await send(conn, "early");
  const stream = await securing;
  await pause(50);
  const listener = new Listener(stream);
  assertEquals(listener.bytes, 0, "told before open() returned");
  await until("they are told", () => listener.text === "early");
  stream.close();
  conn.close();
});

testBoth(
  "a handshake that begins while the stream is paused",
  async (context) => {
    const [client, network] = await connection();
    const listener = new Listener(network);
    await send(client, "STARTTLS\r\n");
    await until("that is read", () => listener.text === "STARTTLS\r\n");
    network.paused = true;
    const securing = startTls(client, context.certificate);
    await pause(50);
    const stream = await context.server.secure(network, 20);
    const conn = await securing;
    stream.close();
    assertEquals((await rest(conn)).length, 0);
    conn.close();
    assertEquals(listener.text, "STARTTLS\r\n");
  },
);

testBoth("a client that speaks plain text", async ({ server }) => {
  await leakingNothing(async () => {
    const [client, network] = await connection();
    const securing = server.secure(network, 20);
    await send(client, "EHLO client.example\r\n");
    await assertRejects(() => securing, Error, "the client speaks no TLS");
    assert(isClosed(network.fd));
    assertEquals((await rest(client))[0], 21, "no alert of TLS was sent");
    client.close();
  });
});

testBoth("a client that hangs up", async ({ server }) => {
  const hello = [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];
  for (const said of [[], hello.slice(0, 3), hello]) {
    await leakingNothing(async () => {
      const [client, network] = await connection();
      const securing = server.secure(network, 20);
      await send(client, Uint8Array.from(said));
      client.close();
      const error = await assertRejects(() => securing);
      assertEquals(error.message, "the client ended the connection");
      assert(isClosed(network.fd));
    });
  }
});

testBoth("a client that is silent, or too slow", async ({ server }) => {
  for (const said of [[], [0x16, 3, 1, 0, 200, 1]]) {
    await leakingNothing(async () => {
      const [client, network] = await connection();
      const securing = server.secure(network, 0.1);
      await send(client, Uint8Array.from(said));
      const error = await assertRejects(() => securing);
      assertEquals(error.message, "it took too long");
      assert(isClosed(network.fd));
      await rest(client).catch(() => {});
      client.close();
    });
  }
});

testBoth("openssl as a client, and why it fails", async ({ server }) => {
  const listener = new StreamListener();
  const attempt = async (...options: string[]) => {
    const running = output("openssl", [
      ...["s_client", "-connect", `127.0.0.1:${listener.port}`],
      ...["-quiet", "-no_ign_eof", ...options],
    ], { stdin: "hello\n" });
    const network = await listener.accept();
    let said: string;
    try {
      const stream = await server.secure(network, 20);
      const heard = new Listener(stream);
      await until(
        "it is told",
        () => heard.text === "hello\n" || heard.ends > 0,
      );
      said = heard.text;
      stream.close();
    } catch (error) {
      said = (error as Error).message;
    }
    await running;
    return said;
  };
  const weak = "ALL:@SECLEVEL=0";
  for (
    const [options, expected] of [
      [["-tls1_2"], "hello\n"],
      [["-tls1_3"], "hello\n"],
      // Neither is an offer of ours, and neither is in a client's way.
      [["-alpn", "smtp/9"], "hello\n"],
      [["-servername", "another.example"], "hello\n"],
      [
        ["-tls1", "-cipher", weak],
        "the client speaks no version of TLS that we do",
      ],
      [
        ["-tls1_1", "-cipher", weak],
        "the client speaks no version of TLS that we do",
      ],
      [
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"],
        "the client has no cipher suite that we have",
      ],
      [
        ["-tls1_3", "-groups", "X448"],
        "the client has no key exchange that we have",
      ],
      [
        ["-tls1_3", "-sigalgs", "RSA-PSS+SHA256"],
        "the client has no signature scheme for our certificate",
      ],
      [["-verify_return_error"], "the client refused: unknown CA"],
    ] as const
  ) {
    assertEquals(await attempt(...options), expected, options.join(" "));
  }
  listener.close();
});

testBoth("fifty handshakes at once, one of them slow", async (context) => {
  const [silent, silentNetwork] = await connection();
  const never = context.server.secure(silentNetwork, 20).catch(() => {});
  const all = await Promise.all(
    Array.from({ length: 50 }, () => secured(context)),
  );
  await Promise.all(all.map(async ({ conn, stream }, i) => {
    new Listener(stream, true);
    await send(conn, `I am ${i}`);
    const bytes = new Uint8Array(100);
    const n = await conn.read(bytes);
    assertEquals(new TextDecoder().decode(bytes.subarray(0, n!)), `I am ${i}`);
    stream.close();
    conn.close();
  }));
  silent.close();
  await never;
});

testBoth(
  "a handshake that begins with almost a ClientHello",
  async (context) => {
    const { server, certificate } = context;
    const [client, network] = await connection();
    network.readBytes = 4096;
    const listener = new Listener(network);
    startTls(client, certificate).catch(() => {}); // it is never answered
    await until("it has come", () => listener.bytes > 0);
    const hello = listener.all;
    network.close();
    const random = randomFrom(6);
    const below = (limit: number) => Math.floor(random() * limit);
    await leakingNothing(async () => {
      for (let i = runs(2000, 50); i > 0; i--) {
        const bytes = hello.slice();
        bytes[below(bytes.length)] = below(256);
        bytes[below(60)] = below(256);
        const [client, network] = await connection();
        const securing = server.secure(network, 20).then(
          (stream) => stream.close(),
          (error) => assertMatch(error.message, /^[ -~]+$/),
        );
        const cut = below(bytes.length);
        await send(client, bytes.subarray(0, cut));
        await pause(below(2));
        // It may have been sent away by now.
        await send(client, bytes.subarray(cut)).catch(() => {});
        await client.closeWrite().catch(() => {});
        await securing;
        client.close();
      }
    });
  },
);

Deno.test(
  needing({ peers: ["openssl"] }, "node:tls is taken where it works"),
  () =>
    inFolder(async (folder) => {
      const certificate = await certificateIn(folder);
      const works = await hasNodeTls(certificate);
      const [major, minor, patch] = Deno.version.deno.split(".").map(Number);
      if ((major - 2) * 1e6 + minor * 1e3 + patch >= 9006) assert(works);
      const server = await tlsServer(certificate);
      assert(server instanceof (works ? NodeTls : LoopbackTls));
    }),
);

Deno.test(
  needing(
    { peers: ["openssl"] },
    "a key of another certificate, or none, is found before anybody comes",
  ),
  () =>
    inFolder(async (folder) => {
      const one = await makeCertificate(folder, "one");
      const other = await makeCertificate(folder, "other");
      const key = await Deno.readTextFile(other.keyPath);
      await assertRejects(() => tlsServer({ cert: one.cert, key }));
      await assertRejects(() => tlsServer({ cert: one.cert, key: one.cert }));
      await assertRejects(() => tlsServer({ cert: "", key }));
      await tlsServer({ cert: other.cert, key });
    }),
);

Deno.test("what the runtime says goes into the log as plain words", () => {
  const said = (message: string) => handshakeFailure(new Error(message));
  assertEquals(
    said("received fatal alert: CertificateUnknown"),
    "the client refused: certificate unknown",
  );
  assertEquals(
    said('received corrupt message of type MissingData("u8")'),
    "the client sent a malformed message: missing data",
  );
  assertEquals(
    said("received unexpected message: got ApplicationData when expecting X"),
    "the client sent what was not due: application data",
  );
  assertEquals(said("a\nb\x1b[1m\u00e9"), "a?b?[1m?");
  assertEquals(said("x".repeat(1000)).length, 200);
  const full = Object.assign(new Error("socket: EMFILE"), { code: "EMFILE" });
  assertEquals(handshakeFailure(full), "process file table is full");
});
