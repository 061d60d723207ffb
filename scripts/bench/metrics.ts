/**
 * What --metrics costs while nobody asks: postern with it, and without.
 * POSTERN_BEFORE names another postern to race.
 *
 * @module
 */
import { type Contestant, executables, freePort } from "./contestant.ts";
import { messageRace } from "./messages.ts";
import type { Bench } from "./run.ts";

function contestants(): Promise<Contestant[]> {
  const [{ path }, ...others] = executables();
  const one = (name: string, path: string, ...options: string[]) => {
    const port = freePort();
    const serve = ["serve", "-qc100", "-b100", "-RHl0", ...options];
    const smtpd = ["127.0.0.1", `${port}`, "smtpd", "--deliver", "discard"];
    const command = [path, ...serve, ...smtpd];
    return { name, port, command, env: { RELAYCLIENT: "" } };
  };
  return Promise.resolve([
    one("with metrics", path, "--metrics", `127.0.0.1:${freePort()}`),
    one("without", path),
    ...others.map(({ name, path }) => one(name, path)),
  ]);
}

export const bench: Bench = ([rounds = 7, messages = 5000]) =>
  messageRace(contestants, rounds, messages);
