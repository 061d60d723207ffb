/**
 * What the mail log costs: postern with it in a file, on stderr, and without.
 * POSTERN_BEFORE names another postern to race.
 *
 * @module
 */
import { type Contestant, discarding, executables } from "./contestant.ts";
import { messageRace } from "./messages.ts";
import type { Bench } from "./run.ts";

function contestants(folder: string): Promise<Contestant[]> {
  const [{ path }, ...others] = executables();
  return Promise.resolve([
    discarding("with a file", path, "--mail-log", `${folder}/mail.log`),
    discarding("without", path),
    discarding("on stderr", path, "--mail-log", "stderr"),
    ...others.map(({ name, path }) => discarding(name, path)),
  ]);
}

export const bench: Bench = ([rounds = 7, messages = 5000]) =>
  messageRace(contestants, rounds, messages);
