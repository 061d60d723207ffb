/**
 * Asks a gate for its facts, over HTTP.
 *
 * @module
 */
import { request } from "node:http";
import { httpAnswer } from "../net/http_answer.ts";
import type { Facts } from "./facts.ts";
import type { Place } from "./place.ts";

/** A gate's facts have a bound; whoever sends more is no gate. */
const limits = { milliseconds: 5000, characters: 16 << 20 };

/**
 * @param token null if none is wanted
 * @throws Error that says what is wrong
 */
export async function fetchFacts(
  place: Place,
  token: string | null,
): Promise<Facts> {
  const where = place.type === "unix"
    ? { socketPath: place.path }
    : { host: place.host, port: place.port };
  const headers: Record<string, string> = token === null
    ? {}
    : { authorization: `Bearer ${token}` };
  const asked = request({ ...where, path: "/facts.json", headers });
  const { status, text } = await httpAnswer(asked, limits);
  return factsIn(status, text);
}

function factsIn(status: number, text: string): Facts {
  if (status === 401) throw new Error("the token is wanted, or another one");
  if (status !== 200) throw new Error(`it answers ${status}`);
  const facts = JSON.parse(text);
  if (!Array.isArray(facts?.sessions) || !Array.isArray(facts.periods)) {
    throw new Error("what answers there is no postern");
  }
  return facts;
}
