/**
 * What was agreed on in a handshake, whoever did it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { agreementIn, ServerHelloReader } from "../../lib/net/server_hello.ts";
import { needing, output } from "../support/peers.ts";
import { bothWays, StreamListener } from "../support/tls.ts";

const nothing = { version: null, cipher: null };

/** A ServerHello as a record. */
function hello(version: number, suite: number, extensions: number[]) {
  const body = [
    ...[version >> 8, version & 255],
    ...Array(32).fill(7),
    ...[2, 9, 9], // the session's id
    ...[suite >> 8, suite & 255, 0],
    ...[extensions.length >> 8, extensions.length & 255, ...extensions],
  ];
  const message = [2, 0, body.length >> 8, body.length & 255, ...body];
  const { length } = message;
  return new Uint8Array([22, 3, 3, length >> 8, length & 255, ...message]);
}

Deno.test("the version is in an extension, or in its old place", () => {
  const renegotiation = [0xff, 1, 0, 1, 0];
  const supported = [0, 43, 0, 2, 3, 4];
  assertEquals(agreementIn(hello(0x303, 0x1302, supported)), {
    version: "TLSv1.3",
    cipher: "TLS_AES_256_GCM_SHA384",
  });
  assertEquals(
    agreementIn(hello(0x303, 0x1301, [...renegotiation, ...supported])),
    { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" },
  );
  assertEquals(agreementIn(hello(0x303, 0xc02f, renegotiation)), {
    version: "TLSv1.2",
    cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  });
  assertEquals(agreementIn(hello(0x303, 0x00ff, []))?.cipher, "0x00ff");
  const alert = new Uint8Array([21, 3, 3, 0, 2, 2, 40]);
  assertEquals(agreementIn(alert), nothing);
});

Deno.test("it may come in pieces, and anything may come", () => {
  const whole = hello(0x303, 0x1303, [0, 43, 0, 2, 3, 4]);
  for (let at = 0; at < whole.length; at++) {
    const reader = new ServerHelloReader();
    reader.look(whole.subarray(0, at));
    assertEquals(reader.agreement, nothing);
    reader.look(whole.subarray(at));
    assertEquals(reader.agreement.version, "TLSv1.3");
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    agreementIn(bytes);
    agreementIn(new Uint8Array([22, 3, 3, 0, bytes.length, ...bytes]));
    agreementIn(new Uint8Array([...whole.subarray(0, 46), ...bytes]));
  }));
});

const versions = [["-tls1_2", "TLSv1.2"], ["-tls1_3", "TLSv1.3"]] as const;
for (const [option, version] of versions) {
  for (
    const test of bothWays(
      `${version} is told of a stream`,
      async (context) => {
        const listener = new StreamListener();
        const client = output("openssl", [
          ...["s_client", "-connect", `127.0.0.1:${listener.port}`, option],
        ], { stdin: "" });
        const network = await listener.accept();
        const stream = await context.server.secure(network, 20);
        const { tls } = stream;
        stream.close();
        listener.close();
        const { stdout } = await client;
        assertEquals(tls?.version, version);
        // OpenSSL has names of its own for those of TLS 1.2.
        const theirs = /Cipher is (\S+)/.exec(stdout)![1];
        assertEquals(
          tls!.cipher!.replace("_WITH", "").replace(/_(128|256)_/, "$1_"),
          version === "TLSv1.3"
            ? theirs.replace(/_(128|256)_/, "$1_")
            : `TLS_${theirs.replaceAll("-", "_")}`,
        );
        assert(tls!.handshakeMs > 0);
      },
    )
  ) Deno.test({ ...test, ...needing({ peers: ["openssl"] }, test.name) });
}
