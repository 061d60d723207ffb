/**
 * What each of those who are asked adds to a message: postern without any, and
 * with one, side by side. Messages come one after the other, a connection each,
 * so that what is added is what a client waits longer; CPU is the gate's, those
 * who are asked use their own. As root, with opendkim and rspamd.
 *
 * @module
 */
import { DnsServer } from "../../tests/support/dns_server.ts";
import { loopback } from "../../tests/support/random.ts";
import { makeKey, withOpenDkim } from "../../tests/support/real_milters.ts";
import { withRspamd } from "../../tests/support/rspamd.ts";
import { SmtpClient } from "../../tests/support/smtp_client.ts";
import {
  type Contestant,
  executables,
  type Figures,
  freePort,
} from "./contestant.ts";
import { median } from "./figures.ts";
import { interleaved } from "./race.ts";
import type { Bench } from "./run.ts";

const warmUp = 300;

const message = "From: a@sender.example\r\nTo: b@foreign.example\r\n" +
  `Subject: x\r\n\r\n${`${"x".repeat(70)}\r\n`.repeat(40)}.`;

async function load(port: number, messages: number): Promise<void> {
  for (let i = 0; i < messages; i++) {
    const client = await SmtpClient.connect(port);
    await client.reply();
    for (
      const line of [
        ...["EHLO client.example", "MAIL FROM:<a@sender.example>"],
        ...["RCPT TO:<b@foreign.example>", "DATA", message],
      ]
    ) {
      const said = await client.ask(line);
      if (!/^[23]/.test(said)) throw new Error(`${line}: ${said}`);
    }
    client.close();
  }
}

function gate(name: string, dns: string, ...options: string[]): Contestant {
  const port = freePort();
  const [{ path }] = executables();
  return {
    name,
    port,
    command: [
      ...[path, "serve", "-q", "-RHl0", "127.0.0.1", `${port}`, "smtpd"],
      ...["--me", "bench.example", "--rcpthosts", "foreign.example"],
      ...["--deliver", "discard", ...options],
    ],
    env: { DNSCACHEIP: dns },
  };
}

async function measured(
  contestants: readonly Contestant[],
  rounds: number,
  count: number,
): Promise<void> {
  const figures = await interleaved(
    contestants,
    { load, rounds, count, warmUp },
  );
  console.log(
    `${count} messages of 3 kB, one after the other, a connection each; ` +
      `medians of ${rounds} interleaved rounds`,
  );
  for (const [i, { name }] of contestants.entries()) {
    console.log(line(name, figures[i], figures[0]));
  }
}

function line(name: string, theirs: Figures[], none: Figures[]): string {
  const ms = (figures: Figures) => 1000 / figures.perSecond;
  const cpu = (figures: Figures) => figures.cpuEach / 1000;
  const more = (of: (figures: Figures) => number) =>
    median(theirs.map((each, round) => of(each) - of(none[round]))).toFixed(2);
  const each = (of: (figures: Figures) => number) =>
    median(theirs.map(of)).toFixed(2).padStart(6);
  const added = theirs === none
    ? ""
    : `  adds ${more(ms)} ms, ${more(cpu)} ms of CPU`;
  return `${name.padEnd(24)} ${each(ms)} ms ${each(cpu)} ms of CPU${added}`;
}

export const bench: Bench = async ([rounds = 5, messages = 500]) => {
  const folder = await Deno.makeTempDir();
  await Deno.chmod(folder, 0o755);
  await Deno.mkdir(`${folder}/rspamd`);
  const address = loopback();
  const dns = new DnsServer(address, {});
  try {
    const key = await makeKey(folder);
    await withRspamd(
      `${folder}/rspamd`,
      (rspamd) =>
        withOpenDkim(folder, "s", key, async (socket) => {
          const asked = (name: string, ...options: string[]) =>
            gate(name, address, ...options);
          await measured(
            [
              asked("nobody is asked"),
              asked("a milter (opendkim)", "--milter", socket),
              asked("rspamd", "--rspamd", `127.0.0.1:${rspamd.port}`),
              asked("authentication results", "--authentication-results"),
              asked("dnsbl, two zones", "--dnsbl", "a.example,b.example"),
            ],
            rounds,
            messages,
          );
        }),
    );
  } finally {
    dns.close();
    await Deno.remove(folder, { recursive: true });
  }
};
