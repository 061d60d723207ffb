/**
 * Messages of 1,000 bytes, one a connection, 20 at once, by smtp-source.
 *
 * @module
 */
import { peer } from "../../tests/support/peers.ts";
import { type Contestants, run } from "./contestant.ts";
import { race } from "./race.ts";

const concurrency = 20;
/** After so many a server runs as it does for the rest of its life. */
const warmUp = 2000;

async function load(port: number, messages: number): Promise<void> {
  await run("smtp-source", [
    ...["-s", `${concurrency}`, "-m", `${messages}`, "-l", "1000"],
    ...["-f", "a@sender.example", "-t", "b@foreign.example"],
    `127.0.0.1:${port}`,
  ]);
}

/** @param fate what becomes of the messages */
export async function messageRace(
  contestants: Contestants,
  rounds: number,
  count: number,
  fate = "discarded",
): Promise<void> {
  if (!peer("smtp-source")) throw new Error("install postfix for smtp-source");
  const how = `a connection each, ${concurrency} at once, ${fate}`;
  await race({
    contestants,
    load,
    rounds,
    count,
    warmUp,
    unit: "messages",
    how,
  });
}
