/**
 * What the parts of the build share: running programs, the cache, and the
 * errors that are told to people.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url))
  .replace(/\/$/, "");

/** Where CI is set, the lock file is obeyed to the letter. */
export const frozen = Deno.env.get("CI") ? ["--frozen"] : [];

/** Why there is no executable. */
export class BuildError extends Error {}

/** A runtime could not be had: another time, or elsewhere, it may. */
export class NoRuntime extends BuildError {}

/** The folder for what is fetched once; outside the repository if possible. */
export function cacheFolder(): string {
  const set = Deno.env.get("POSTERN_CACHE");
  if (set) return set;
  const home = Deno.env.get("HOME");
  const base = Deno.env.get("XDG_CACHE_HOME") || (home && `${home}/.cache`);
  return base ? `${base}/postern` : `${root}/.toolchain`;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const network = "is there a network? Behind a proxy set HTTPS_PROXY, and " +
  "DENO_CERT to a file with its certificate authority";
const unreached =
  /dns error|\(Connect\)|certificate|timed out|unreachable|not within/i;

/** What Deno said of a download that failed; what to do comes first, if that is known. */
export const downloadTrouble = (said: string): string =>
  (unreached.test(said) ? `${network}\n` : "") + said.trimEnd();

/** Some downloads are not to be had in some networks, and no answer comes. */
const patienceMs = 8000;

export interface Ran {
  ok: boolean;
  timedOut: boolean;
  /** What it wrote to stdout, then what to stderr. */
  text: string;
}

/**
 * Runs a program to its end.
 *
 * @param options `timeoutMs` after which it is killed; `waitingFor` which
 *   download, if it takes long
 */
export async function run(
  program: string,
  args: string[],
  options: {
    env?: Record<string, string>;
    cwd?: string;
    timeoutMs?: number | undefined;
    waitingFor?: string;
  },
): Promise<Ran> {
  const child = new Deno.Command(program, {
    args,
    cwd: options.cwd ?? root,
    env: {
      DENO_TLS_CA_STORE: "mozilla,system",
      ...Deno.env.toObject(),
      NO_COLOR: "1",
      ...options.env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let timedOut = false;
  const timer = options.timeoutMs && setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, options.timeoutMs);
  const { waitingFor } = options;
  const telling = waitingFor && setTimeout(() => {
    console.error(`build: still waiting for ${waitingFor}; ${network}`);
  }, patienceMs);
  const result = await child.output();
  clearTimeout(timer);
  clearTimeout(telling);
  const decoder = new TextDecoder();
  return {
    ok: result.success && !timedOut,
    timedOut,
    text: decoder.decode(result.stdout) + decoder.decode(result.stderr),
  };
}
