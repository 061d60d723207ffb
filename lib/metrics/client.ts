/**
 * Asks a gate for its facts, over HTTP.
 *
 * @module
 */
import { request } from "node:http";
import type { Facts } from "./facts.ts";
import type { Place } from "./place.ts";

const patienceMs = 5000;
/** A gate's facts have a bound; whoever sends more is no gate. */
const mostBytes = 16 << 20;

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
  const { promise, resolve, reject } = Promise.withResolvers<Facts>();
  const asked = request(
    { ...where, path: "/facts.json", headers },
    (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        text += piece;
        if (text.length > mostBytes) asked.destroy(new Error("too much"));
      });
      response.on("error", reject);
      response.on("end", () => {
        try {
          resolve(factsIn(response.statusCode ?? 0, text));
        } catch (error) {
          reject(error);
        }
      });
    },
  );
  asked.on("error", reject);
  asked.end();
  // On some runtimes nothing at all is heard of one that hangs up at once.
  const timer = setTimeout(() => {
    reject(new Error("no answer"));
    asked.destroy();
  }, patienceMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
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
