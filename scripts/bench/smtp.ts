/**
 * The built-in smtpd beside its peers, throwing messages away. QMAIL_SMTPD
 * names a qmail-smtpd; without it that row is left out.
 *
 * @module
 */
import { peer, postern } from "../../tests/support/peers.ts";
import { type Contestant, discardingQueue, race } from "./race.ts";
import type { Bench } from "./run.ts";

async function contestants(
  port: number,
  folder: string,
): Promise<Contestant[]> {
  const at = ["127.0.0.1", `${port}`];
  const list: Contestant[] = [{
    name: "postern",
    command: [
      ...[postern, "serve", "-q", "-c100", "-b100", "-RHl0", ...at],
      ...["smtpd", "--deliver", "discard"],
    ],
    env: { RELAYCLIENT: "" },
  }];
  const sink = peer("smtp-sink");
  if (sink) {
    const user = Deno.uid() === 0 ? ["-u", "postfix"] : []; // it insists
    list.push({
      name: "smtp-sink",
      command: [sink, ...user, at.join(":"), "100"],
    });
  }
  const qmail = Deno.env.get("QMAIL_SMTPD");
  const tcpserver = peer("tcpserver");
  if (qmail && tcpserver && peer("gcc")) {
    const queue = await discardingQueue(folder);
    list.push({
      name: "tcpserver + qmail-smtpd",
      command: [tcpserver, "-q", "-c100", "-b100", "-RHl0", ...at, qmail],
      env: { RELAYCLIENT: "", QMAILQUEUE: queue },
    });
  }
  return list;
}

export const bench: Bench = async ([rounds = 7, messages = 5000]) => {
  await race(contestants, rounds, messages);
  if (!Deno.env.get("QMAIL_SMTPD")) {
    console.log("left out: tcpserver + qmail-smtpd (set QMAIL_SMTPD)");
  }
};
