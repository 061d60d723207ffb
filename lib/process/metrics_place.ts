/**
 * Taking the place of `--metrics`, and whether it could be taken.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { parentOf } from "../base/path.ts";
import { codeOf, reason } from "../base/reason.ts";
import { type Place, placeText } from "../metrics/place.ts";
import { readToken } from "../metrics/token.ts";
import { checkFolder } from "../sys/access.ts";
import { tryBind } from "../sys/listener.ts";
import { fatal } from "./fatal.ts";
import type { ProcessOptions } from "./options.ts";

/** sun_path of struct sockaddr_un, without the NUL at its end (unix(7)). */
const pathBytes = 107;

/**
 * Listens there.
 *
 * @param shared whether another gate may have it, which is to end soon: then
 *   both have a port, and a path is the newer one's
 * @throws Fatal
 */
export async function listenForQuestions(
  place: Place,
  shared: boolean,
): Promise<Deno.Listener> {
  try {
    if (place.type === "tcp") {
      const { host: hostname, port } = place;
      return Deno.listen({ hostname, port, reusePort: shared });
    }
    const { path } = place;
    const there = await whoIsAt(path);
    if (there === "somebody" && !shared) throw new Error("it is in use");
    if (there !== null) Deno.removeSync(path);
    return Deno.listen({ transport: "unix", path });
  } catch (error) {
    if (error instanceof Fatal) throw error;
    throw unlistenable(place, error);
  }
}

const unlistenable = (place: Place, error: unknown): Fatal =>
  fatal(
    `unable to listen at --metrics ${placeText(place)}: ${reason(error)}`,
    error,
  );

/**
 * Who listens at a path: nobody, where a gate has left its socket; null where
 * there is nothing. What is no socket is nobody's to remove.
 */
async function whoIsAt(path: string): Promise<"somebody" | "nobody" | null> {
  const info = statOf(path);
  if (info === null) return null;
  if (!info.isSocket) {
    throw new Fatal(100, `--metrics: ${path} is there, and is no socket`);
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return "somebody";
  } catch (error) {
    if (codeOf(error) === "ECONNREFUSED") return "nobody";
    throw error;
  }
}

/** What a path is, by which the socket of another gate can be told. */
export function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** null where none is wanted. Only root may be able to read it. Throws Fatal. */
export const readTokenOf = (
  { metricsToken }: Pick<ProcessOptions, "metricsToken">,
): string | null => metricsToken === null ? null : readToken(metricsToken);

/**
 * Whether a place could be taken, with the ids of those who serve (`--check`).
 * Where a gate is there already, it is taken for the one whose options are
 * looked at.
 *
 * @throws Fatal
 */
export async function tryPlace(place: Place): Promise<void> {
  try {
    if (place.type === "tcp") {
      const { host: ip, port } = place;
      tryBind({ ip, port });
    } else await tryPath(place.path);
  } catch (error) {
    if (error instanceof Fatal) throw error;
    if (codeOf(error) === "EADDRINUSE" && await isGate(place)) return;
    throw unlistenable(place, error);
  }
}

async function tryPath(path: string): Promise<void> {
  if (new TextEncoder().encode(path).length > pathBytes) {
    throw new Error(`a path of a socket has ${pathBytes} bytes at the most`);
  }
  const there = await whoIsAt(path);
  if (there === "somebody" && !await isGate({ type: "unix", path })) {
    throw new Error("it is in use");
  }
  // What is there would be removed, which takes what making it takes.
  checkFolder(parentOf(path), "write", "search");
}

/** Whether what answers there is a gate, be it that it wants a token. */
async function isGate(place: Place): Promise<boolean> {
  try {
    const { fetchFacts } = await import("../metrics/client.ts");
    await fetchFacts(place, null);
    return true;
  } catch (error) {
    return /the token is wanted/.test(reason(error));
  }
}
