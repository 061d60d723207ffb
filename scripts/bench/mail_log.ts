/**
 * What the mail log costs: postern with it in a file, on stderr, and without.
 * POSTERN_BEFORE names another postern to race.
 *
 * @module
 */
import { type Contestant, executables, freePort } from "./contestant.ts";
import { messageRace } from "./messages.ts";
import type { Bench } from "./run.ts";

function contestants(folder: string): Promise<Contestant[]> {
  const [{ path }, ...others] = executables();
  const one = (name: string, path: string, ...options: string[]) => {
    const port = freePort();
    const serve = ["serve", "-qc100", "-b100", "-RHl0", ...options];
    const smtpd = ["127.0.0.1", `${port}`, "smtpd", "--deliver", "discard"];
    const command = [path, ...serve, ...smtpd];
    return { name, port, command, env: { RELAYCLIENT: "" } };
  };
  return Promise.resolve([
    one("with a file", path, "--mail-log", `${folder}/mail.log`),
    one("without", path),
    one("on stderr", path, "--mail-log", "stderr"),
    ...others.map(({ name, path }) => one(name, path)),
  ]);
}

export const bench: Bench = ([rounds = 7, messages = 5000]) =>
  messageRace(contestants, rounds, messages);
