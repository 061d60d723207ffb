/**
 * The same qmail-smtpd, which QMAIL_SMTPD names, under postern and under
 * tcpserver. POSTERN_BEFORE names another postern to race.
 *
 * @module
 */
import { peer } from "../../tests/support/peers.ts";
import { type Contestant, executables, freePort } from "./contestant.ts";
import { discardingQueue } from "./discarding_queue.ts";
import { messageRace } from "./messages.ts";
import type { Bench } from "./run.ts";

async function contestants(folder: string): Promise<Contestant[]> {
  const qmail = Deno.env.get("QMAIL_SMTPD");
  const tcpserver = peer("tcpserver");
  if (!qmail || !tcpserver) {
    throw new Error("set QMAIL_SMTPD, and install ucspi-tcp");
  }
  const env = { RELAYCLIENT: "", QMAILQUEUE: await discardingQueue(folder) };
  return [
    ...executables().map(({ name, path }) => ({
      name,
      serve: [path, "serve"],
    })),
    { name: "tcpserver", serve: [tcpserver] },
  ].map(({ name, serve }) => {
    const port = freePort();
    const options = ["-q", "-c100", "-b100", "-RHl0", "127.0.0.1", `${port}`];
    return { name, port, command: [...serve, ...options, qmail], env };
  });
}

export const bench: Bench = ([rounds = 7, messages = 2000]) =>
  messageRace(contestants, rounds, messages);
