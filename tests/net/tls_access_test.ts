/**
 * Which certificate is shown, and what the log says of a failed handshake.
 *
 * @module
 */
import { into } from "../support/troubles.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TlsAccess } from "../../lib/net/tls_access.ts";
import {
  makeCertificate,
  makeDatedCertificate,
  type TestCertificate,
} from "../support/certificate.ts";
import { inFolder, needing, output } from "../support/peers.ts";
import { connection, Listener, rest, send } from "../support/tls.ts";

const testWithOpenssl = (
  name: string,
  fn: (own: TestCertificate, folder: string) => Promise<void>,
) =>
  Deno.test(
    needing({ peers: ["openssl"] }, name),
    () => inFolder(async (folder) => fn(await makeCertificate(folder), folder)),
  );

const pathsOf = ({ certPath, keyPath }: TestCertificate) => ({
  cert: certPath,
  key: keyPath,
});

/** Fails unless a client that trusts this certificate alone is served. */
async function assertShown(access: TlsAccess, cert: string): Promise<void> {
  const [client, network] = await connection();
  const [conn, stream] = await Promise.all([
    Deno.startTls(client, { hostname: "localhost", caCerts: [cert] })
      .then(async (conn) => {
        await conn.handshake();
        return conn;
      }),
    access.secure(network, 0, "192.0.2.1"),
  ]);
  new Listener(stream!, true);
  await send(conn, "hello");
  const bytes = new Uint8Array(10);
  assertEquals(await conn.read(bytes), 5);
  stream!.close();
  conn.close();
}

testWithOpenssl("a handshake that failed leaves its reason", async (own) => {
  const lines: string[] = [];
  const access = new TlsAccess(pathsOf(own), into(lines));
  for (const ip of ["192.0.2.1", "unknown"]) {
    const [client, network] = await connection();
    const securing = access.secure(network, 0, ip);
    await send(client, "HELP\r\n");
    assertEquals(await securing, null);
    await rest(client);
    client.close();
  }
  const [client, network] = await connection();
  assertEquals(await access.secure(network, 0.05, "2001:db8::1"), null);
  await rest(client);
  client.close();
  assertEquals(lines, [
    "TLS handshake with 192.0.2.1 failed: the client speaks no TLS",
    "TLS handshake with unknown failed: the client speaks no TLS",
    "TLS handshake with 2001:db8::1 failed: it took too long",
  ]);
  await assertShown(access, own.cert);
  assertEquals(lines.length, 3);
});

testWithOpenssl(
  "refresh() shows the new one, or keeps the old",
  async (own, folder) => {
    const lines: string[] = [];
    const access = new TlsAccess(pathsOf(own), into(lines));
    await access.prepare();
    await assertShown(access, own.cert);
    const next = await makeCertificate(folder, "next");
    await Deno.copyFile(next.certPath, own.certPath);
    await access.refresh();
    assertEquals(lines.length, 1);
    assert(lines[0].startsWith(`unable to use ${own.certPath}: `), lines[0]);
    assert(lines[0].endsWith("; the old certificate stays"), lines[0]);
    await assertShown(access, own.cert);
    await Deno.copyFile(next.keyPath, own.keyPath);
    await access.refresh();
    await assertShown(access, next.cert);
    await Deno.remove(own.keyPath);
    await access.refresh();
    assertEquals(lines.slice(1), [
      `unable to read ${own.keyPath}: file does not exist; the old certificate stays`,
    ]);
    await assertShown(access, next.cert);
  },
);

testWithOpenssl(
  "what cannot be used is found by prepare()",
  async (own, folder) => {
    assertThrows(
      () =>
        new TlsAccess({ cert: own.certPath, key: `${folder}/none` }, () => {}),
      Error,
      `unable to read ${folder}/none: file does not exist`,
    );
    const lines: string[] = [];
    const paths = { cert: own.certPath, key: own.certPath };
    const access = new TlsAccess(paths, into(lines));
    const { message } = await assertRejects(() => access.prepare());
    assert(message.startsWith(`unable to use ${own.certPath}: `), message);
    const [client, network] = await connection();
    assertEquals(await access.secure(network, 0, "192.0.2.1"), null);
    assertEquals(lines, [message]);
    assertEquals((await rest(client)).length, 0);
    client.close();
  },
);

testWithOpenssl(
  "what clients would find wrong is told at the start and at SIGHUP",
  async (own, folder) => {
    const lines: string[] = [];
    let name = "localhost";
    const paths = pathsOf(own);
    const access = new TlsAccess(paths, into(lines), () => name);
    await access.prepare();
    assertEquals(lines, []);
    name = "mx.example";
    await access.refresh();
    const other =
      `${own.certPath}: the certificate is for localhost, not for our name, ` +
      "mx.example (--me)";
    assertEquals(lines, [other]);
    const old = await makeDatedCertificate(folder, "mx.example", [
      "20200101000000Z",
      "20210101000000Z",
    ]);
    await Deno.copyFile(old.certPath, paths.cert);
    await Deno.copyFile(old.keyPath, paths.key);
    await access.refresh();
    const expired =
      `${own.certPath}: the certificate has expired, on 2021-01-01 00:00 UTC`;
    assertEquals(lines, [other, expired]);
    // Told of the one that is shown alone.
    await Deno.remove(paths.key);
    await access.refresh();
    assertEquals(lines.slice(2), [
      `unable to read ${paths.key}: file does not exist; the old certificate stays`,
    ]);
  },
);

testWithOpenssl(
  "what cannot be used is told with its file",
  async (own, folder) => {
    const other = await makeCertificate(folder, "other");
    const file = async (name: string, text: string) => {
      await Deno.writeTextFile(`${folder}/${name}`, text);
      return `${folder}/${name}`;
    };
    const { code } = await output("openssl", [
      ...["pkey", "-in", own.keyPath, "-out", `${folder}/secret`],
      ...["-aes128", "-passout", "pass:word"],
    ]);
    assertEquals(code, 0);
    await output("mkfifo", [`${folder}/fifo`]);
    const fifo = `${folder}/fifo`;
    const binary = await file("binary", "\0\x7f\xff".repeat(100));
    const empty = await file("empty", "");
    const { certPath, keyPath } = own;
    const noCertificate = "no certificate in PEM is in it";
    const noKey = "no private key in PEM is in it";
    const rows: [cert: string, key: string, message: string][] = [
      [empty, keyPath, `unable to use ${empty}: ${noCertificate}`],
      [binary, keyPath, `unable to use ${binary}: ${noCertificate}`],
      [keyPath, keyPath, `unable to use ${keyPath}: ${noCertificate}`],
      [certPath, empty, `unable to use ${empty}: ${noKey}`],
      [certPath, certPath, `unable to use ${certPath}: ${noKey}`],
      [
        certPath,
        `${folder}/secret`,
        `unable to use ${folder}/secret: the private key wants a passphrase`,
      ],
      [
        certPath,
        other.keyPath,
        `unable to use ${certPath}: the private key in ${other.keyPath} is another certificate's`,
      ],
      [fifo, keyPath, `unable to read ${fifo}: it is a FIFO`],
      [certPath, fifo, `unable to read ${fifo}: it is a FIFO`],
      [folder, keyPath, `unable to read ${folder}: is a directory`],
    ];
    for (const [cert, key, message] of rows) {
      await assertRejects(
        async () => await new TlsAccess({ cert, key }, () => {}).prepare(),
        Error,
        message,
      );
    }
  },
);
