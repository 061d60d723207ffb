/**
 * Messages handed to another server, a connection each: postern by SMTP and by
 * LMTP, and to its own Maildir, beside a Postfix that relays to the same
 * server. That is Postfix's smtp-sink, which throws them away. As root.
 *
 * Postfix is counted by what it has accepted, its CPU with what it does
 * afterwards; postern says 250 when the next hop has.
 *
 * @module
 */
import { until } from "../../tests/support/peers.ts";
import { type Contestant, executables, freePort } from "./contestant.ts";
import { messageRace } from "./messages.ts";
import { hasPostfix, postfix } from "./postfix.ts";
import type { Bench } from "./run.ts";

/** A sink of its own for each contestant. */
class Sinks {
  readonly #children: Deno.ChildProcess[] = [];

  async start(protocol: "smtp" | "lmtp"): Promise<number> {
    const port = freePort();
    const kind = protocol === "lmtp" ? ["-L"] : [];
    this.#children.push(
      new Deno.Command("smtp-sink", {
        args: [...kind, "-u", "postfix", `127.0.0.1:${port}`, "1000"],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn(),
    );
    await until("smtp-sink to listen", async () => {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return true;
      } catch {
        return false;
      }
    });
    return port;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) {
      child.kill("SIGKILL");
      await child.status;
    }
  }
}

function ours(name: string, path: string, target: string): Contestant {
  const port = freePort();
  return {
    name,
    port,
    command: [
      ...[path, "serve", "-q", "-c100", "-b100", "-RHl0"],
      ...["127.0.0.1", `${port}`],
      ...["smtpd", "--me", "bench.example", "--open-relay"],
      ...["--deliver", target],
    ],
    env: {},
  };
}

export const bench: Bench = async ([rounds = 5, messages = 4000]) => {
  const sinks = new Sinks();
  try {
    await messageRace(
      async (folder) => {
        const list: Contestant[] = [];
        for (const { name, path } of executables()) {
          for (const protocol of ["smtp", "lmtp"] as const) {
            const port = await sinks.start(protocol);
            const target = `${protocol}:127.0.0.1:${port}`;
            list.push(ours(`${name} ${protocol}:`, path, target));
          }
          list.push(
            ours(`${name} maildir:`, path, `maildir:${folder}/Maildir`),
          );
        }
        if (hasPostfix()) {
          const home = `${folder}/postfix`;
          await Deno.mkdir(home);
          const port = await sinks.start("smtp");
          list.push(
            await postfix(home, {
              virtual_mailbox_domains: "",
              relayhost: `[127.0.0.1]:${port}`,
              default_destination_concurrency_limit: "20",
            }),
          );
        }
        return list;
      },
      rounds,
      messages,
      "handed to smtp-sink",
    );
  } finally {
    await sinks.stop();
  }
};
