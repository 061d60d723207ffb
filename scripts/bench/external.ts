/**
 * The same qmail-smtpd, which QMAIL_SMTPD names, under postern and under
 * tcpserver.
 *
 * @module
 */
import { peer, postern } from "../../tests/support/peers.ts";
import { type Contestant, discardingQueue, race } from "./race.ts";
import type { Bench } from "./run.ts";

async function contestants(
  freePort: () => number,
  folder: string,
): Promise<Contestant[]> {
  const qmail = Deno.env.get("QMAIL_SMTPD");
  const tcpserver = peer("tcpserver");
  if (!qmail || !tcpserver) {
    throw new Error("set QMAIL_SMTPD, and install ucspi-tcp");
  }
  const env = { RELAYCLIENT: "", QMAILQUEUE: await discardingQueue(folder) };
  return [
    { name: "postern", serve: [postern, "serve"] },
    { name: "tcpserver", serve: [tcpserver] },
  ].map(({ name, serve }) => {
    const port = freePort();
    const options = ["-q", "-c100", "-b100", "-RHl0", "127.0.0.1", `${port}`];
    return { name, port, command: [...serve, ...options, qmail], env };
  });
}

export const bench: Bench = ([rounds = 7, messages = 2000]) =>
  race(contestants, rounds, messages);
