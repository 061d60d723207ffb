/**
 * What depends on the runtime, on the executable and on the second one: start,
 * sockets, children, files, and the way to TLS.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { makeCertificate } from "../support/certificate.ts";
import { TestGate } from "../support/gate.ts";
import { inFolder } from "../support/peers.ts";
import { onBoth } from "../support/second_runtime.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const testOnBoth: (...test: Parameters<typeof onBoth>) => void = (...test) =>
  onBoth(...test).forEach((each) => Deno.test(each));

async function withGateOf(
  executable: string,
  args: string[],
  fn: (gate: TestGate) => Promise<void>,
): Promise<void> {
  const gate = await TestGate.start(["serve", "-1", "-vRHl0", ...args], {
    program: executable,
    asGiven: true,
  });
  try {
    await fn(gate);
    assertEquals((await gate.stop()).code, 0);
  } finally {
    await gate.stop("SIGKILL");
  }
}

/** Sends a message, and looks at its text in the Maildir. */
async function deliver(client: SmtpClient, maildir: string, text: string) {
  for (
    const line of [
      "EHLO client.example",
      "MAIL FROM:<a@b.example>",
      "RCPT TO:<c@d.example>",
    ]
  ) assertMatch(await client.ask(line), /^250/m);
  assertMatch(await client.ask("DATA"), /^354 /);
  assertMatch(await client.ask(`Subject: x\r\n\r\n${text}\r\n.`), /^250 /);
  assertMatch(await client.ask("QUIT"), /^221 /);
  const [file] = [...Deno.readDirSync(`${maildir}/new`)];
  const stored = await Deno.readTextFile(`${maildir}/new/${file.name}`);
  const [, body] = stored.split("\n\n");
  assertEquals(body, `${text}\n`.replaceAll("\r\n", "\n"));
}

const smtpd = (maildir: string) => [
  ...["127.0.0.1", "0", "smtpd"],
  ...["--maildir", maildir, "--rcpthosts", "d.example"],
];

testOnBoth(
  {},
  "a message, in process",
  (executable) =>
    inFolder((folder) =>
      withGateOf(executable, smtpd(`${folder}/m`), async (gate) => {
        const client = await SmtpClient.connect(gate.port);
        assertMatch(await client.reply(), /^220 /);
        await deliver(client, `${folder}/m`, "hello");
        client.close();
        await gate.logged(/: end 1 status 0\n/);
      })
    ),
);

for (const way of ["STARTTLS", "from the start"]) {
  testOnBoth(
    { peers: ["openssl"] },
    `a message over TLS, ${way}`,
    (executable) =>
      inFolder(async (folder) => {
        const own = await makeCertificate(folder);
        const given = ["--tls-cert", own.certPath, "--tls-key", own.keyPath];
        const smtp = smtpd(`${folder}/m`);
        const args = way === "STARTTLS"
          ? [...smtp, ...given]
          : [...given, ...smtp];
        await withGateOf(executable, args, async (gate) => {
          const client = await SmtpClient.connect(gate.port);
          if (way === "STARTTLS") {
            assertMatch(await client.reply(), /^220 /);
            assertMatch(await client.ask("STARTTLS"), /^220 /);
            await client.encrypt(own.cert);
          } else {
            await client.encrypt(own.cert);
            assertMatch(await client.reply(), /^220 /);
          }
          const text = "y".repeat(900) + "\r\n";
          await deliver(client, `${folder}/m`, text.repeat(9) + "end");
          client.close();
          await gate.logged(/: end 1 status 0\n/);
        });
      }),
  );
}

testOnBoth(
  { peers: ["openssl"] },
  "a handshake that fails says why",
  (executable) =>
    inFolder(async (folder) => {
      const own = await makeCertificate(folder);
      const given = ["--tls-cert", own.certPath, "--tls-key", own.keyPath];
      await withGateOf(
        executable,
        [...given, ...smtpd(`${folder}/m`)],
        async (gate) => {
          const client = await SmtpClient.connect(gate.port);
          await client.send("EHLO in.the.clear\r\n");
          await client.rest();
          client.close();
          await gate.logged(/TLS handshake with 127\.0\.0\.1 failed: [ -~]+\n/);
          await gate.logged(/: end 1 status 256\n/);
        },
      );
    }),
);

testOnBoth(
  {},
  "a program has the socket, and its end is heard",
  (executable) =>
    withGateOf(
      executable,
      ["127.0.0.1", "0", "sh", "-c", 'echo "$TCPREMOTEIP"; exit 3'],
      async (gate) => {
        const client = await SmtpClient.connect(gate.port);
        assertEquals(await client.rest(), "127.0.0.1\n");
        client.close();
        await gate.logged(/: end \d+ status 768\n/);
      },
    ),
);
