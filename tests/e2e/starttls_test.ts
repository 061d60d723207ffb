/**
 * STARTTLS over the wire: nothing from before the handshake is read after it,
 * and a handshake that fails is one client's misfortune.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { toBytes } from "../../lib/base/bytes.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeCertificate } from "../support/certificate.ts";
import { needing, output, until } from "../support/peers.ts";
import { type SmtpServer, withSmtpd } from "../support/smtp_server.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const inProcess: string[] = [];
const ways = [["in process", inProcess], ["executed", ["--isolate"]]] as const;

function withServer(
  gate: readonly string[],
  smtpd: string[],
  fn: (server: SmtpServer) => Promise<void>,
): Promise<void> {
  return withSmtpd({ gate, smtpd: () => smtpd }, fn);
}

async function greeted({ gate }: SmtpServer): Promise<SmtpClient> {
  const client = await SmtpClient.connect(gate.port);
  assertEquals(await client.reply(), "220 mx.example ESMTP\r\n");
  return client;
}

const ready = "220 2.0.0 ready to start TLS\r\n";

async function encrypted(server: SmtpServer): Promise<SmtpClient> {
  const client = await greeted(server);
  assertEquals(await client.ask("STARTTLS"), ready);
  await client.encrypt(server.certificate.cert);
  return client;
}

const pause = (ms: number) => new Promise((over) => setTimeout(over, ms));

const descriptors = ({ gate }: SmtpServer) =>
  [...Deno.readDirSync(`/proc/${gate.child.pid}/fd`)].length;

for (const [way, isolate] of ways) {
  Deno.test(
    needing(
      { peers: ["openssl"] },
      `what came in one segment with STARTTLS is forgotten, ${way}`,
    ),
    () =>
      withServer(isolate, [], async (server) => {
        for (const more of ["RSET\r\n", "MAIL FRO", "\r\n", "RSET\r\nNOOP"]) {
          const client = await greeted(server);
          await client.send("STARTTLS\r\n" + more);
          assertEquals(await client.reply(), ready);
          await client.encrypt(server.certificate.cert);
          assertEquals(await client.ask("NOOP"), "250 2.0.0 ok\r\n", more);
          assertMatch(await client.ask("QUIT"), /^221 /);
          client.close();
        }
      }),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `64 kB behind STARTTLS are no commands and no handshake, ${way}`,
    ),
    () =>
      withServer(isolate, [], async (server) => {
        const client = await greeted(server);
        const commands = "MAIL FROM:<a@b.example>\r\nNOOP\r\n".repeat(2115);
        await client.send("STARTTLS\r\n" + commands).catch(() => {});
        assertEquals(await client.reply(), ready);
        const rest = await client.reply(); // an alert of TLS, or nothing
        assert(!/^\d{3}[ -]/m.test(rest), rest);
        client.close();
        const next = await encrypted(server);
        assertMatch(await next.ask("NOOP"), /^250/);
        next.close();
      }),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `STARTTLS cut at every byte, and byte by byte, ${way}`,
    ),
    () =>
      withServer(isolate, [], async (server) => {
        const line = "STARTTLS\r\n";
        const cuts = Array.from({ length: line.length - 1 }, (_, i) => i + 1)
          .map((at) => [line.slice(0, at), line.slice(at)]);
        for (const pieces of [...cuts, [...line]]) {
          const client = await greeted(server);
          (client.conn as Deno.TcpConn).setNoDelay(true);
          for (const piece of pieces) {
            await client.send(piece);
            await pause(5);
          }
          assertEquals(await client.reply(), ready);
          await client.encrypt(server.certificate.cert);
          assertEquals(await client.ask("NOOP"), "250 2.0.0 ok\r\n");
          client.close();
        }
      }),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `STARTTLS twice, within a transaction, after AUTH, with an argument, ${way}`,
    ),
    () =>
      withServer(
        isolate,
        ["--checkpassword", "/bin/true"],
        async (server) => {
          const client = await greeted(server);
          assertMatch(await client.ask("EHLO x"), /^250-STARTTLS\r$/m);
          assertMatch(await client.ask("STARTTLS now"), /^501 /);
          await client.ask("MAIL FROM:<a@b.example>");
          assertMatch(await client.ask("STARTTLS"), /^503 /);
          await client.ask("RSET");
          assertEquals(await client.ask("STARTTLS"), ready);
          await client.encrypt(server.certificate.cert);
          assertMatch(await client.ask("STARTTLS"), /^503 /);
          const again = await client.ask("EHLO x");
          assert(!again.includes("STARTTLS"), again);
          assertMatch(
            await client.ask("AUTH PLAIN " + btoa("\0user\0word")),
            /^235 /,
          );
          assertMatch(await client.ask("STARTTLS"), /^503 /);
          assertMatch(await client.ask("STARTTLS x"), /^50[13] /);
          assertMatch(await client.ask("NOOP"), /^250 /);
          client.close();
        },
      ),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `after the handshake a session is as new, and its trace tells of TLS, ${way}`,
    ),
    () =>
      withServer(isolate, [], async (server) => {
        const client = await greeted(server);
        await client.ask("EHLO clear.example");
        assertEquals(await client.ask("STARTTLS"), ready);
        await client.encrypt(server.certificate.cert);
        assertMatch(await client.ask("RCPT TO:<c@d.example>"), /^503 /);
        const deliver = async (subject: string) => {
          assertMatch(await client.ask("MAIL FROM:<a@b.example>"), /^250 /);
          assertMatch(await client.ask("RCPT TO:<c@d.example>"), /^250 /);
          assertMatch(await client.ask("DATA"), /^354 /);
          const text = `Subject: ${subject}\r\n\r\ntext\r\n.`;
          assertMatch(await client.ask(text), /^250 /);
        };
        await deliver("first");
        await client.ask("EHLO hidden.example");
        await deliver("second");
        client.close();
        const texts = server.stored();
        const first = texts.find((text) => text.includes("first"))!;
        const second = texts.find((text) => text.includes("second"))!;
        assert(!first.includes("clear.example"), first);
        assertMatch(second, /HELO hidden\.example/);
        assertMatch(second, / with ESMTPS id \S+;/);
      }),
  );

  Deno.test(
    needing(
      { peers: ["openssl", "python3"] },
      `the last reply comes, and the close is no truncation, ${way}`,
    ),
    () =>
      withServer(isolate, [], async (server) => {
        const { port } = server.gate;
        const script = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
for last in [b"QUIT\\r\\n", b"NOOP\\r\\n" * 200 + b"QUIT\\r\\n", b"GET / HTTP/1.0\\r\\n"]:
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.recv(1000)
    s.sendall(b"STARTTLS\\r\\n")
    s.recv(1000)
    t = context.wrap_socket(s, server_hostname="localhost", suppress_ragged_eofs=False)
    t.sendall(last)
    text = b""
    while True:
        more = t.recv(1000)  # raises where there is no close_notify
        if not more: break
        text += more
    print(text.decode().splitlines()[-1])
    t.close()
`;
        const { stdout, stderr } = await output("python3", [
          ...["-c", script, `${port}`, server.certificate.certPath],
        ]);
        assertEquals([stdout, stderr], [
          "221 2.0.0 mx.example\n221 2.0.0 mx.example\n500 5.5.1 this is not HTTP\n",
          "",
        ]);
      }),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `AUTH is neither offered nor taken in the clear, ${way}`,
    ),
    () =>
      withServer(
        isolate,
        ["--checkpassword", "/bin/true"],
        async (server) => {
          const client = await greeted(server);
          const offered = await client.ask("EHLO x");
          assert(!/AUTH/.test(offered), offered);
          assertMatch(
            await client.ask("AUTH PLAIN " + btoa("\0user\0word")),
            /^538 5\.7\.11 /,
          );
          assertMatch(await client.ask("AUTH LOGIN"), /^538 /);
          assertEquals(await client.ask("STARTTLS"), ready);
          await client.encrypt(server.certificate.cert);
          assertMatch(await client.ask("EHLO x"), /^250-AUTH PLAIN LOGIN\r$/m);
          client.close();
        },
      ),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `handshakes that break end their own connection and nothing else, ${way}`,
    ),
    () =>
      withServer(isolate, ["--timeoutsmtpd", "2"], async (server) => {
        const { gate } = server;
        (await encrypted(server)).close(); // what is loaded lazily is there
        await gate.logged(/status: 0\/40\n$/);
        const before = descriptors(server);
        const bystander = await encrypted(server);

        const started = async () => {
          const client = await greeted(server);
          assertEquals(await client.ask("STARTTLS"), ready);
          return client;
        };
        const garbage = await started();
        await garbage.send("EHLO this is no ClientHello\r\n".repeat(10));
        assert(!/250/.test(await garbage.reply()));
        garbage.close();

        (await started()).close();

        // TLS 1.2, no session, and a list of ciphers that is empty.
        const empty = await started();
        await empty.send(
          new Uint8Array([
            ...[0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3],
            ...new Uint8Array(32),
            ...[0, 0, 0, 1, 0, 0, 0],
          ]),
        );
        assert(!/250/.test(await empty.reply()));
        empty.close();

        const half = await started();
        await half.send(new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3]));
        (half.conn as Deno.TcpConn).closeWrite();
        assert(!/250/.test(await half.reply()));
        half.close();

        const silent = await started();
        assertMatch(await bystander.ask("NOOP"), /^250 /);
        assertEquals(await silent.reply(), "", "closed after two seconds");
        silent.close();

        const s_client = (...more: string[]) =>
          output("openssl", [
            ...["s_client", "-connect", `127.0.0.1:${gate.port}`],
            ...["-starttls", "smtp", "-quiet", ...more],
          ], { stdin: "QUIT\r\n" });
        for (
          const refused of [
            ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
            ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
            ["-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0"], // no common one
          ]
        ) {
          const { code, stdout } = await s_client(...refused);
          assert(code !== 0 && !stdout.includes("221"), refused.join(" "));
        }
        for (const taken of ["-tls1_2", "-tls1_3"]) {
          const { code, stderr } = await s_client(taken);
          assertEquals(code, 0, `${taken}: ${stderr}`);
        }
        bystander.close();
        await gate.logged(/status: 0\/40\n$/);
        await until(
          `${descriptors(server)} descriptors are ${before} again`,
          () => descriptors(server) <= before,
        );
      }),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `ten megabytes over TLS arrive byte for byte, ${way}`,
    ),
    () =>
      withServer(isolate, [], async (server) => {
        const client = await encrypted(server);
        await client.ask("EHLO x");
        await client.ask("MAIL FROM:<a@b.example> BODY=8BITMIME");
        await client.ask("RCPT TO:<c@d.example>");
        await client.ask("DATA");
        const random = crypto.getRandomValues(new Uint8Array(60000));
        // Any bytes but CR, LF, NUL, and a dot at the start of a line.
        const line = [...random.subarray(0, 997)].map((byte) =>
          [0, 10, 13, 46].includes(byte) ? 0x2d : byte
        );
        const text = new Uint8Array(10_490 * 999);
        for (let i = 0; i < 10_490; i++) {
          text.set(line, i * 999);
          text[i * 999] = 0x30 + i % 10;
          text.set([13, 10], i * 999 + 997);
        }
        await client.send("Subject: large\r\n\r\n");
        await client.send(text);
        assertMatch(await client.ask("."), /^250 /);
        assertMatch(await client.ask("QUIT"), /^221 /);
        client.close();
        const stored = toBytes(server.stored()[0]);
        const expected = text.filter((byte) => byte !== 13);
        const got = stored.subarray(stored.length - expected.length);
        assert(Buffer.compare(got, expected) === 0, "the text has changed");
      }),
  );
}

/** Ports that a process listens on, from the sockets it holds. */
function listening(pid: number): number[] {
  const inodes = new Set<string>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      const target = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
      inodes.add(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "");
    } catch {
      // Closed meanwhile.
    }
  }
  return Deno.readTextFileSync(`/proc/${pid}/net/tcp`).split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) =>
      state === "0A" && inodes.has(inode)
    )
    .map(([, local]) => parseInt(local.split(":")[1], 16));
}

Deno.test(
  needing(
    { peers: ["openssl"] },
    "100 sessions at once, each encrypted by itself; nothing else listens",
  ),
  () =>
    withServer(["-c200"], [], async (server) => {
      const { gate } = server;
      const clients = await Promise.all(
        Array.from({ length: 100 }, () => encrypted(server)),
      );
      assertEquals(listening(gate.child.pid), [gate.port]);
      await Promise.all(clients.map(async (client, i) => {
        for (
          const line of [
            `EHLO c${i}.example`,
            "MAIL FROM:<a@b.example>",
            "RCPT TO:<c@d.example>",
          ]
        ) assertMatch(await client.ask(line), /^250/);
        assertMatch(await client.ask("DATA"), /^354/);
        assertMatch(await client.ask(`Subject: ${i}\r\n\r\n${i}\r\n.`), /^250/);
        assertMatch(await client.ask("QUIT"), /^221/);
        client.close();
      }));
      const subjects = server.stored().map((text) => {
        const subject = /^Subject: (\d+)$/m.exec(text)![1];
        assertMatch(text, new RegExp(`HELO c${subject}\\.example`));
        return Number(subject);
      });
      assertEquals(
        subjects.sort((a, b) => a - b),
        Array.from({ length: 100 }, (_, i) => i),
      );
    }),
);

Deno.test(
  needing(
    { peers: ["openssl"] },
    "HUP: a new certificate is shown to new sessions, a broken one to nobody",
  ),
  () =>
    withServer([], [], async (server) => {
      const { gate, folder, certificate } = server;
      const { certPath, keyPath } = certificate;
      const shown = async () => {
        const { stdout } = await output("openssl", [
          ...["s_client", "-connect", `127.0.0.1:${gate.port}`],
          ...["-starttls", "smtp", "-showcerts"],
        ], { stdin: "QUIT\r\n" });
        return /^subject=CN = (\S+)$/m.exec(stdout)?.[1];
      };
      const oldSession = await encrypted(server);
      assertEquals(await shown(), "server");

      const next = await makeCertificate(folder, "next");
      await Deno.copyFile(next.certPath, certPath);
      gate.child.kill("SIGHUP");
      await gate.logged(/the old certificate stays/); // the key is another's
      assertEquals(await shown(), "server");
      await Deno.copyFile(next.keyPath, keyPath);
      assertEquals(await shown(), "server", "nobody said HUP");
      gate.child.kill("SIGHUP");
      await until("it is shown", async () => await shown() === "next");
      assertMatch(await oldSession.ask("NOOP"), /^250/);
      oldSession.close();

      for (
        const break_ of [
          () => Deno.writeTextFile(certPath, "no certificate\n"),
          () => Deno.remove(certPath),
        ]
      ) {
        await break_();
        const lines = gate.log.length;
        gate.child.kill("SIGHUP");
        await until(
          "a line about it",
          () => /the old certificate stays/.test(gate.log.slice(lines)),
        );
        assertEquals(await shown(), "next");
      }
    }),
);
