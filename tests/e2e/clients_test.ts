/**
 * Programs and libraries that people send mail with: plain, encrypted, logged
 * in. What they send is compared with what is in the Maildir.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createTransport } from "nodemailer";
import { fromBytes } from "../../lib/base/bytes.ts";
import { needing, output, peer } from "../support/peers.ts";
import {
  makePasswords,
  type SmtpServer,
  withSmtpd,
} from "../support/smtp_server.ts";

const user = "user@sender.example", password = "p\u00e4ss word:$1";

/** Lines that a careless program would change. */
const body = "first\n.\n..\n.dot\n8-bit: \u00e4\u00f6\u00fc \u65e5\u672c\n" +
  `${"x".repeat(990)}\n\n \n\ttab\nFrom here\nlast\n`;
const head = "From: a@sender.example\nTo: b@to.example\nSubject: hello\n" +
  "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n" +
  "Content-Transfer-Encoding: 8bit\n";

const utf8 = (text: string) => fromBytes(new TextEncoder().encode(text));

/** A server that relays for those who have logged in, and for to.example. */
const withUsers = (fn: (server: SmtpServer) => Promise<void>) =>
  withSmtpd({
    relays: false,
    smtpd: async (folder) => [
      ...["--relay", `maildir:${folder}/Maildir`],
      ...["--rcpthosts", "to.example", "--passwords"],
      await makePasswords(`${folder}/passwords`, {
        [user]: password,
        ascii: "only ASCII", // smtplib has no other passwords
      }),
    ],
  }, fn);

/** Whether the texts end with the body, and what their trace says. */
function assertStored({ stored }: SmtpServer, ...protocols: string[]): void {
  const texts = stored();
  for (const text of texts) {
    assertEquals(text.slice(text.indexOf("\n\n") + 2), utf8(body));
    assertMatch(text, /^Subject: hello$/m);
  }
  const seen = texts.map((text) => / by 0 with (\S+) id /.exec(text)![1]);
  assertEquals(seen.sort(), protocols);
}

async function succeeds(
  program: string,
  args: string[],
  options?: Parameters<typeof output>[2],
): Promise<string> {
  const { code, stdout, stderr } = await output(program, args, options);
  assertEquals(code, 0, `${program} ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
}

async function messageFile({ folder }: SmtpServer): Promise<string> {
  const path = `${folder}/message.eml`;
  await Deno.writeTextFile(path, `${head}\n${body}`);
  return path;
}

Deno.test(
  needing(
    { peers: ["openssl", "swaks"] },
    "swaks: plain, pipelined, TLS, AUTH PLAIN and LOGIN, two megabytes",
  ),
  () =>
    withUsers(async (server) => {
      const path = `${server.folder}/data`;
      // It ends the last line itself.
      await Deno.writeTextFile(path, `${head}\n${body.trimEnd()}`);
      const swaks = (to: string, ...more: string[]) =>
        succeeds("swaks", [
          ...["--server", "127.0.0.1", "--port", `${server.gate.port}`],
          ...["--from", "a@sender.example", "--to", to, "--timeout", "20"],
          ...["--helo", "client.example", ...more],
        ]);
      const data = ["--data", `@${path}`];
      const login = ["--auth-user", user, "--auth-password", password];
      await swaks("b@to.example", ...data);
      await swaks("b@to.example", ...data, "--pipeline");
      await swaks("b@to.example", ...data, "--tls");
      await swaks(
        "b@far.example",
        ...data,
        "--tls",
        "--auth",
        "PLAIN",
        ...login,
      );
      await swaks(
        "b@far.example",
        ...data,
        "--tls",
        "--auth",
        "LOGIN",
        ...login,
      );
      const protocols = ["ESMTP", "ESMTP", "ESMTPS", "ESMTPSA", "ESMTPSA"];
      assertStored(server, ...protocols);
      const large = "0123456789 .\n..\n".repeat(131072);
      await Deno.writeTextFile(path, `${head}\n${large.trimEnd()}`);
      await swaks("b@to.example", ...data, "--tls");
      const [text] = server.stored().filter(({ length }) => length > 1 << 20);
      assert(text.endsWith(`\n\n${large}`), "two megabytes have changed");
    }),
);

Deno.test(
  needing(
    { peers: ["openssl", "smtp-source"] },
    "smtp-source: every message with its own recipient",
  ),
  () =>
    withUsers(async (server) => {
      await succeeds(peer("smtp-source")!, [
        ...["-s", "5", "-m", "50", "-N", "-l", "5000"],
        ...["-f", "a@sender.example", "-t", "b@to.example"],
        `127.0.0.1:${server.gate.port}`,
      ]);
      const texts = server.stored();
      const to = texts.map((text) => /^Delivered-To: (.*)$/m.exec(text)![1]);
      assertEquals([texts.length, new Set(to).size], [50, 50]);
      for (const text of texts) assertMatch(text, /\n\n(?:\dX+\n){60,}X+\n$/);
    }),
);

Deno.test(
  needing(
    { peers: ["openssl", "python3"] },
    "Python's smtplib: plain, starttls, login, 8 bits, SMTPUTF8",
  ),
  () =>
    withUsers(async (server) => {
      const path = await messageFile(server);
      const script = `
import email.message, email.policy, smtplib, ssl, sys
port, ca, path, user, password = int(sys.argv[1]), *sys.argv[2:]
# Of bytes it only doubles the dots: lines have to end as they do in mail.
text = open(path, "rb").read().replace(b"\\n", b"\\r\\n")
def client():
    return smtplib.SMTP("127.0.0.1", port, "client.example", timeout=20)
with client() as c:
    c.sendmail("a@sender.example", ["b@to.example"], text, ["BODY=8BITMIME"])
with client() as c:
    c.starttls(context=ssl.create_default_context(cafile=ca))
    c.sendmail("a@sender.example", ["b@to.example"], text, ["BODY=8BITMIME"])
    try:
        c.login(user, "wrong")
    except smtplib.SMTPAuthenticationError as error:
        print(error.smtp_code)
    c.login(user, password)
    c.sendmail("a@sender.example", ["b@far.example"], text, ["BODY=8BITMIME"])
with client() as c:
    m = email.message.EmailMessage(policy=email.policy.SMTPUTF8)
    m["From"], m["To"] = "j\\u00f6rg@sender.example", "\\u65e5@to.example"
    m["Subject"] = "hello"
    m.set_content(text.decode().split("\\r\\n\\r\\n", 1)[1], cte="8bit")
    c.send_message(m)
`;
      const said = await succeeds("python3", [
        ...["-c", script, `${server.gate.port}`, server.certificate.certPath],
        ...[path, "ascii", "only ASCII"],
      ]);
      // It tries CRAM-MD5, PLAIN and LOGIN, whichever are offered, in turn.
      assertEquals(said, "535\n");
      assertStored(server, "ESMTP", "ESMTPS", "ESMTPSA", "UTF8SMTP");
      const [utf8] = server.stored().filter((text) =>
        / UTF8SMTP id /.test(text)
      );
      assertMatch(utf8, /^Delivered-To: \xe6\x97\xa5@to\.example$/m);
      assertMatch(utf8, /^From: j\xc3\xb6rg@sender\.example$/m);
    }),
);

Deno.test(
  needing({ peers: ["openssl"] }, "nodemailer: a pool, over TLS, logged in"),
  () =>
    withUsers(async (server) => {
      const transport = createTransport({
        pool: true,
        maxConnections: 3,
        host: "127.0.0.1",
        port: server.gate.port,
        requireTLS: true,
        tls: { ca: server.certificate.cert, servername: "localhost" },
        auth: { user, pass: password },
      });
      await Promise.all(Array.from({ length: 20 }, () =>
        transport.sendMail({
          envelope: { from: "a@sender.example", to: ["b@far.example"] },
          raw: `${head}\n${body}`,
        })));
      transport.close();
      assertStored(server, ...Array(20).fill("ESMTPSA"));
    }),
);

Deno.test(
  needing(
    { peers: ["openssl", "curl"] },
    "curl: plain, and with TLS and a user",
  ),
  () =>
    withUsers(async (server) => {
      const path = await messageFile(server);
      // It sends what it reads: lines have to end as they do in mail.
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, text.replaceAll("\n", "\r\n"));
      const curl = (host: string, to: string, ...more: string[]) =>
        succeeds("curl", [
          ...["-sS", "--max-time", "20", "--upload-file", path],
          ...["--mail-from", "a@sender.example", "--mail-rcpt", to, ...more],
          `smtp://${host}:${server.gate.port}/client.example`,
        ]);
      await curl("127.0.0.1", "b@to.example");
      await curl("127.0.0.1", "b@far.example", ...[
        ...["--ssl-reqd", "--cacert", server.certificate.certPath],
        ...["--user", `${user}:${password}`],
      ]);
      assertStored(server, "ESMTP", "ESMTPSA");
    }),
);

Deno.test(
  needing({ peers: ["openssl", "msmtp"] }, "msmtp: TLS and a password"),
  () =>
    withUsers(async (server) => {
      const path = await messageFile(server);
      const config = `${server.folder}/msmtprc`;
      await Deno.writeTextFile(
        config,
        `account default
host localhost
port ${server.gate.port}
from a@sender.example
tls on
tls_starttls on
tls_trust_file ${server.certificate.certPath}
auth on
user ${user}
passwordeval cat ${server.folder}/secret
`,
      );
      await Deno.chmod(config, 0o600);
      await Deno.writeTextFile(`${server.folder}/secret`, password + "\n");
      await succeeds("msmtp", ["-C", config, "b@far.example"], {
        stdin: await Deno.readTextFile(path),
      });
      assertStored(server, "ESMTPSA");
    }),
);

Deno.test(
  needing(
    { peers: ["openssl"] },
    "openssl s_client: a whole session, pipelined",
  ),
  () =>
    withUsers(async (server) => {
      const text = `${head}\n${body}`.replace(/^\./gm, "..");
      const session = "EHLO client.example\nMAIL FROM:<a@sender.example>\n" +
        `RCPT TO:<b@to.example>\nDATA\n${text}.\nQUIT\n`;
      const said = await succeeds("openssl", [
        ...["s_client", "-connect", `127.0.0.1:${server.gate.port}`],
        ...["-starttls", "smtp", "-quiet", "-verify_return_error"],
        ...["-CAfile", server.certificate.certPath],
      ], { stdin: session.replaceAll("\n", "\r\n") });
      assertMatch(
        said,
        /\r\n250 2\.0\.0 ok .*\r\n221 2\.0\.0 mx\.example\r\n$/,
      );
      assertStored(server, "ESMTPS");
    }),
);
