/**
 * AUTH over the wire: whoever knows the password may relay, and nobody else.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { needing, output } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import {
  makePasswords,
  type SmtpServer,
  withSmtpd,
} from "../support/smtp_server.ts";

const ways: [string, string[]][] = [
  ["in process", []],
  ["executed", ["--isolate"]],
];

async function encrypted(server: SmtpServer): Promise<SmtpClient> {
  const client = await SmtpClient.connect(server.gate.port);
  assertMatch(await client.reply(), /^220 /);
  assertMatch(await client.ask("STARTTLS"), /^220 /);
  await client.encrypt(server.certificate.cert);
  assertMatch(
    await client.ask("EHLO client.example"),
    /^250-AUTH PLAIN LOGIN/m,
  );
  return client;
}

const base64 = (text: string) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)));

const plain = (client: SmtpClient, user: string, password: string) =>
  client.ask(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`);

async function login(
  client: SmtpClient,
  user: string,
  password: string,
): Promise<string> {
  assertEquals(await client.ask("AUTH LOGIN"), `334 ${btoa("Username:")}\r\n`);
  assertEquals(await client.ask(base64(user)), `334 ${btoa("Password:")}\r\n`);
  return await client.ask(base64(password));
}

/** The replies to a sender and to a recipient elsewhere. */
async function relaying(client: SmtpClient): Promise<string> {
  assertMatch(await client.ask("MAIL FROM:<a@sender.example>"), /^250 /);
  return await client.ask("RCPT TO:<b@far.example>");
}

const taken = "235 2.7.0 authenticated\r\n";
const wrong = "535 5.7.8 these credentials are not valid\r\n";
const later = "454 4.7.0 authentication does not work for now\r\n";

for (const [way, gate] of ways) {
  const withLogin = (
    smtpd: (folder: string) => Promise<string[]>,
    fn: (server: SmtpServer) => Promise<void>,
  ) =>
    withSmtpd({
      gate,
      relays: false,
      smtpd: async (folder) => [
        ...["--rcpthosts", "to.example"],
        ...["--relay", `maildir:${folder}/Maildir`],
        ...await smtpd(folder),
      ],
    }, fn);

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `a password file: who has the password may relay, ${way}`,
    ),
    () =>
      withLogin(
        async (folder) => [
          "--passwords",
          await makePasswords(`${folder}/passwords`, {
            "j\u00f6rg": "s\u00e9 cret:",
            other: "word",
          }),
        ],
        async (server) => {
          const client = await encrypted(server);
          assertMatch(await relaying(client), /^553 5\.7\.1 /);
          assertMatch(await plain(client, "other", "word"), /^503 /);
          await client.ask("RSET");
          assertEquals(await plain(client, "j\u00f6rg", "s\u00e9 cret"), wrong);
          assertEquals(await plain(client, "nobody", "word"), wrong);
          assertMatch(await relaying(client), /^553 /);
          await client.ask("RSET");
          assertEquals(
            await plain(client, "j\u00f6rg", "s\u00e9 cret:"),
            taken,
          );
          assertMatch(await relaying(client), /^250 /);
          assertMatch(await client.ask("DATA"), /^354 /);
          assertMatch(await client.ask("Subject: x\r\n\r\nx\r\n."), /^250 /);
          assertMatch(await plain(client, "other", "word"), /^503 /);
          client.close();
          assertMatch(server.stored()[0], / with ESMTPSA id \S+; /);

          const asked = await encrypted(server);
          assertEquals(await login(asked, "other", "word"), taken);
          assertMatch(await relaying(asked), /^250 /);
          asked.close();

          const challenged = await encrypted(server);
          assertEquals(await challenged.ask("AUTH PLAIN"), "334 \r\n");
          assertMatch(await challenged.ask("*"), /^501 /);
          assertEquals(await challenged.ask("AUTH PLAIN"), "334 \r\n");
          assertEquals(await challenged.ask(base64("\0other\0word")), taken);
          challenged.close();
        },
      ),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `three failures close, and the log has nothing of it uncleaned, ${way}`,
    ),
    () =>
      withLogin(
        async (folder) => [
          "--passwords",
          await makePasswords(`${folder}/passwords`, { user: "word" }),
        ],
        async (server) => {
          const client = await encrypted(server);
          const name = "evil\r\ntcpserver: ok 1 \x1b[31m\u00fc";
          assertEquals(await plain(client, name, "hunter2"), wrong);
          assertEquals(await login(client, "user", "hunter2"), wrong);
          assertMatch(await plain(client, "user", "hunter2"), /^421 4\.7\.0 /);
          assertEquals(await client.reply(), "");
          client.close();
          await server.gate.logged(/log-in of user from 127\.0\.0\.1 refused/);
          await server.gate.logged(/end \d+ status 256/);
          const { log } = server.gate;
          assert(!/^tcpserver: ok 1 \S*\[31m/m.test(log), log);
          assert(!/[^\n -~]/.test(log), log);
          assert(!log.includes("hunter2"), log);
          assertMatch(
            log,
            /^.*log-in of evil\?\?tcpserver\S* from 127\.0\.0\.1 refused$/m,
          );
        },
      ),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `what is wrong with the password file is a line in the log, ${way}`,
    ),
    () =>
      withLogin(
        (folder) => Promise.resolve(["--passwords", `${folder}/passwords`]),
        async (server) => {
          const path = `${server.folder}/passwords`;
          const client = await encrypted(server);
          assertEquals(await plain(client, "user", "word"), later);
          await server.gate.logged(/unable to read \S+\/passwords: /);
          await Deno.writeTextFile(path, "user:$1$plain$old\nx:\n\n:\n");
          // Nobody is to learn by it that there is such a user.
          assertEquals(await plain(client, "user", "word"), wrong);
          await server.gate.logged(/the line of "user" has no scrypt hash/);
          const huge = "$scrypt$ln=40,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA";
          await Deno.writeTextFile(path, `user:${huge}\n`);
          assertEquals(await plain(client, "user", "word"), wrong);
          // No restart is needed once it is mended.
          await makePasswords(path, { user: "word" });
          assertEquals(await plain(client, "user", "word"), taken);
          client.close();
          assert(!server.gate.log.includes("old"), "no hash in the log");
        },
      ),
  );

  Deno.test(
    needing(
      { peers: ["openssl"] },
      `checkpassword: 0 is yes, 1 is no, all else is later, ${way}`,
    ),
    () =>
      withLogin(
        async (folder) => {
          await Deno.writeTextFile(
            `${folder}/check`,
            `#!/bin/sh
# User, password and time stamp, each ended by a NUL.
said=$(tr '\\0' '|' <&3)
case $said in
  'good|s cret|Y'*'|') exit 0 ;;
  'broken|'*) exit 111 ;;
  'misused|'*) exit 2 ;;
  'killed|'*) kill -KILL $$ ;;
  'deaf|'*) exec 3<&-; exit 0 ;;
esac
# Nothing that it says or reads is the client's.
echo 'reply from the program'
cat
exit 1
`,
          );
          await Deno.chmod(`${folder}/check`, 0o755);
          return ["--checkpassword", `${folder}/check /bin/true`];
        },
        async (server) => {
          const client = await encrypted(server);
          assertEquals(await plain(client, "good", "wrong"), wrong);
          assertEquals(await login(client, "nobody", "x"), wrong);
          for (const user of ["broken", "misused", "killed"]) {
            assertEquals(await plain(client, user, "x"), later);
          }
          await server.gate.logged(/\/check ended with status 28416/); // 111
          assertEquals(await plain(client, "good", "s cret"), taken);
          assertMatch(await relaying(client), /^250 /);
          client.close();
          const long = await encrypted(server);
          assertEquals(await plain(long, "deaf", "x".repeat(600)), wrong);
          assertEquals(await plain(long, "deaf", "x"), taken);
          long.close();
          assert(!/s cret/.test(server.gate.log), server.gate.log);
        },
      ),
  );
}

Deno.test(
  needing(
    { peers: ["openssl", "python3"] },
    "a hash by Python's hashlib.scrypt is understood, and ours by Python",
  ),
  () =>
    withSmtpd({
      relays: false,
      smtpd: async (folder) => {
        const made = await output("python3", [
          "-c",
          `
import base64, hashlib
b64 = lambda b: base64.b64encode(b).decode().rstrip("=")
salt = bytes(range(16))
key = hashlib.scrypt(b"pass word", salt=salt, n=2**14, r=8, p=1, dklen=32)
print("user:$scrypt$ln=14,r=8,p=1$" + b64(salt) + "$" + b64(key))
`,
        ]);
        assertEquals(made.stderr, "");
        await Deno.writeTextFile(`${folder}/passwords`, made.stdout);
        return ["--passwords", `${folder}/passwords`];
      },
    }, async (server) => {
      const client = await encrypted(server);
      assertEquals(await plain(client, "user", "Pass word"), wrong);
      assertEquals(await plain(client, "user", "pass word"), taken);
      client.close();
      const path = `${server.folder}/ours`;
      await makePasswords(path, { user: "pass word" });
      const checked = await output("python3", [
        "-c",
        `
import base64, hashlib, re, sys
line = open(sys.argv[1]).read().splitlines()[-1]
ln, r, p, salt, key = re.fullmatch(
    r"user:\\$scrypt\\$ln=(\\d+),r=(\\d+),p=(\\d+)\\$([^$]+)\\$([^$]+)", line).groups()
d = lambda s: base64.b64decode(s + "=" * (-len(s) % 4))
n = 2 ** int(ln)
mine = hashlib.scrypt(b"pass word", salt=d(salt), n=n, r=int(r), p=int(p),
    dklen=len(d(key)), maxmem=256 * 1024 * 1024)
print(mine == d(key))
`,
        path,
      ]);
      assertEquals([checked.stdout, checked.stderr], ["True\n", ""]);
    }),
);
