/**
 * What --metrics costs while nobody asks: postern with it, and without.
 * POSTERN_BEFORE names another postern to race.
 *
 * @module
 */
import {
  type Contestant,
  discarding,
  executables,
  freePort,
} from "./contestant.ts";
import { messageRace } from "./messages.ts";
import type { Bench } from "./run.ts";

function contestants(): Promise<Contestant[]> {
  const [{ path }, ...others] = executables();
  return Promise.resolve([
    discarding("with metrics", path, "--metrics", `127.0.0.1:${freePort()}`),
    discarding("without", path),
    ...others.map(({ name, path }) => discarding(name, path)),
  ]);
}

export const bench: Bench = ([rounds = 7, messages = 5000]) =>
  messageRace(contestants, rounds, messages);
