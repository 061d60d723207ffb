/**
 * The helpers of a gate: there when needed, bounded, and nobody's matter but
 * of those who ask too much.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Answer, txt, withDns } from "../support/dns_server.ts";
import { TestGate, withGate } from "../support/gate.ts";
import { needing, postern, until } from "../support/peers.ts";
import { childrenOf } from "../support/processes.ts";
import { loopback } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { makePasswords, withSmtpd } from "../support/smtp_server.ts";

const smtpd = [
  ...["-vRHl0", "127.0.0.1", "0", "smtpd", "--me", "mx.example.org"],
  ...["--rcpthosts", "example.org", "--deliver", "discard", "--spf"],
];

async function recipientFrom(
  gate: TestGate,
  sender: string,
  helo = "client.example",
): Promise<string> {
  const client = await SmtpClient.connect(gate.port);
  await client.reply();
  await client.ask(`EHLO ${helo}`);
  assertMatch(await client.ask(`MAIL FROM:<${sender}>`), /^250/);
  const reply = await client.ask("RCPT TO:<x@example.org>");
  client.close();
  return reply.slice(0, 3);
}

const read = (path: string) => Deno.readTextFileSync(path);

Deno.test(
  needing(
    { root: true },
    "a helper is there from the first question on, bounded, as long as the gate",
  ),
  () =>
    withDns(
      loopback(),
      { "no.example TXT": txt("v=spf1 -all") },
      ({ ip }) =>
        withGate(smtpd, { env: { DNSCACHEIP: ip } }, async (gate) => {
          const { pid } = gate.child;
          assertEquals(childrenOf(pid), []);
          assertEquals(await recipientFrom(gate, "a@no.example"), "550");
          const [helper, ...others] = childrenOf(pid);
          assertEquals(others, []);
          assertEquals(read(`/proc/${helper}/cmdline`), "postern\0(mail)\0");
          assertMatch(read(`/proc/${helper}/status`), /^Uid:\t65534\t65534\t/m);
          const limits = read(`/proc/${helper}/limits`);
          assertMatch(limits, /^Max file size +0 +0 /m);
          assertMatch(limits, /^Max data size +(\d+) +\1 /m);
          for (const { name } of Deno.readDirSync(`/proc/${helper}/fd`)) {
            const to = Deno.readLinkSync(`/proc/${helper}/fd/${name}`);
            assert(/^(?:socket|anon_inode|pipe):|^\/dev\/null$/.test(to), to);
          }
          assertEquals(await recipientFrom(gate, "a@no.example"), "550");
          assertEquals(childrenOf(pid), [helper]);
          gate.child.kill("SIGKILL");
          await until("its end", () => !isThere(helper));
        }),
    ),
);

function isThere(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(read(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

Deno.test(
  needing(
    { root: true },
    "what a killed helper was asked is asked of the next",
  ),
  () => {
    const slow: Answer = {
      type: "later",
      silent: 1,
      then: txt("v=spf1 -all"),
    };
    const zone = {
      "slow.example TXT": slow,
      "no.example TXT": txt("v=spf1 -all"),
    };
    return withDns(
      loopback(),
      zone,
      ({ ip, asked }) =>
        withGate(smtpd, { env: { DNSCACHEIP: ip } }, async (gate) => {
          const reply = recipientFrom(gate, "a@slow.example");
          await until("a lookup", () => asked.length > 0);
          // When this is answered, the helper waits for what it asked before.
          assertEquals(await recipientFrom(gate, "a@no.example"), "550");
          Deno.kill(childrenOf(gate.child.pid)[0], "SIGKILL");
          assertEquals(await reply, "550");
          assertEquals(await recipientFrom(gate, "a@no.example"), "550");
          assertMatch(gate.log, /the helper for mail ended with status 9/);
        }),
    );
  },
);

Deno.test(
  needing(
    { root: true },
    "records made to be dear are not, whatever the client's names are",
  ),
  () => {
    const zone = {
      "helo.example TXT": txt(`v=spf1 redirect=x.${"%{h}".repeat(20)}!`),
      "deep.example TXT": txt(`v=spf1 a=${"%{h}".repeat(3)} -all`),
    };
    return withDns(loopback(), zone, ({ ip }) =>
      withGate(
        [...smtpd, "--max-command-line", "4000"],
        { env: { DNSCACHEIP: ip } },
        async (gate) => {
          const attacks = Array.from(
            { length: 20 },
            () => recipientFrom(gate, "a@helo.example", "x".repeat(2030)),
          );
          const other = await recipientFrom(gate, "a@deep.example");
          assertEquals(other, "550");
          for (const each of await Promise.all(attacks)) {
            assertEquals(each, "250"); // a permerror
          }
          assertEquals(gate.log.includes("helper"), false, gate.log);
        },
      ));
  },
);

Deno.test(
  needing(
    { peers: ["openssl"] },
    "strangers who guess passwords do not keep a user out",
  ),
  () =>
    withSmtpd({
      gate: ["--proxy-protocol", "127.0.0.1"],
      smtpd: async (folder) => [
        "--passwords",
        await makePasswords(`${folder}/passwords`, { ann: "word" }),
      ],
    }, async ({ gate, certificate }) => {
      const connected = async (from: string) => {
        const client = await SmtpClient.connect(gate.port);
        await client.send(`PROXY TCP4 ${from} 192.0.2.1 1 25\r\n`);
        assertMatch(await client.reply(), /^220 /);
        assertMatch(await client.ask("STARTTLS"), /^220 /);
        await client.encrypt(certificate.cert);
        await client.ask("EHLO client.example");
        return client;
      };
      const logIn = (client: SmtpClient, password: string) =>
        client.ask(`AUTH PLAIN ${btoa(`\0ann\0${password}`)}`);
      const strangers = await Promise.all(
        Array.from({ length: 30 }, (_, i) => connected(`198.51.100.${i % 3}`)),
      );
      const guesses = strangers.map((each) => logIn(each, "guess"));
      const ann = await connected("198.51.100.9");
      assertMatch(await logIn(ann, "word"), /^235 /);
      let answered = 0;
      for (const each of guesses) each.then(() => answered++);
      await Promise.resolve();
      assert(answered < 30, "she had to wait for all of them");
      for (const each of [...strangers, ann]) each.close();
      await Promise.allSettled(guesses);
    }),
);

Deno.test(
  needing(
    { root: true },
    "a confined gate starts helpers of what replaced it, and may end them",
  ),
  async () => {
    const folder = await Deno.makeTempDir();
    const program = `${folder}/postern`;
    try {
      await Deno.copyFile(postern, program);
      await withDns(
        loopback(),
        { "no.example TXT": txt("v=spf1 -all") },
        async ({ ip }) => {
          const args = ["serve", "-1", ...smtpd];
          const env = { DNSCACHEIP: ip };
          const gate = await TestGate.start(args, {
            ...{ program, asGiven: true, env },
          });
          try {
            assertEquals(await recipientFrom(gate, "a@no.example"), "550");
            const { pid } = gate.child;
            const [, capabilities] = /^CapEff:\t(.*)$/m.exec(
              read(`/proc/${pid}/status`),
            )!;
            assert(BigInt(`0x${capabilities}`) & 1n << 5n, "no CAP_KILL");
            await Deno.copyFile(postern, `${program}.new`);
            await Deno.rename(`${program}.new`, program);
            const [helper] = childrenOf(pid);
            Deno.kill(helper, "SIGKILL");
            await until("its end", () => !childrenOf(pid).includes(helper));
            assertEquals(await recipientFrom(gate, "a@no.example"), "550");
          } finally {
            await gate.stop("SIGKILL");
          }
        },
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
