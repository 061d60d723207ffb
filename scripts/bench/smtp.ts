/**
 * The built-in smtpd beside its peers, throwing messages away. QMAIL_SMTPD
 * names a qmail-smtpd; without it that row is left out. POSTERN_BEFORE names
 * another postern to race.
 *
 * @module
 */
import { peer } from "../../tests/support/peers.ts";
import {
  type Contestant,
  discarding,
  executables,
  freePort,
} from "./contestant.ts";
import { discardingQueue } from "./discarding_queue.ts";
import { messageRace } from "./messages.ts";
import type { Bench } from "./run.ts";

async function contestants(folder: string): Promise<Contestant[]> {
  const options = ["-q", "-c100", "-b100", "-RHl0", "127.0.0.1"];
  const list = executables().map(({ name, path }) => discarding(name, path));
  const sink = peer("smtp-sink");
  if (sink) {
    const user = Deno.uid() === 0 ? ["-u", "postfix"] : []; // it insists
    const port = freePort();
    list.push({
      name: "smtp-sink",
      port,
      command: [sink, ...user, `127.0.0.1:${port}`, "100"],
    });
  }
  const qmail = Deno.env.get("QMAIL_SMTPD");
  const tcpserver = peer("tcpserver");
  if (qmail && tcpserver && peer("gcc")) {
    const queue = await discardingQueue(folder);
    const port = freePort();
    list.push({
      name: "tcpserver + qmail-smtpd",
      port,
      command: [tcpserver, ...options, `${port}`, qmail],
      env: { RELAYCLIENT: "", QMAILQUEUE: queue },
    });
  }
  return list;
}

export const bench: Bench = async ([rounds = 7, messages = 5000]) => {
  await messageRace(contestants, rounds, messages);
  if (!Deno.env.get("QMAIL_SMTPD")) {
    console.log("left out: tcpserver + qmail-smtpd (set QMAIL_SMTPD)");
  }
};
