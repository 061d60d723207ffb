/**
 * What the kinds of packages share: running the ordinary tools that make
 * them, and the errors that are told to people.
 *
 * @module
 */
import { root } from "../build/run.ts";

/** Why there is no package, and what to do. */
export class PackageError extends Error {}

/**
 * Runs a program, and returns what it wrote to stdout.
 *
 * @throws {PackageError} where it is missing or fails, with what it said
 */
export async function stdoutOf(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command(program, {
      args: [...args],
      cwd: options.cwd ?? root,
      // What tools write into packages is the same in every language.
      env: { ...options.env, NO_COLOR: "1", LC_ALL: "C.UTF-8" },
      stdin: "null",
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new PackageError(
      `unable to run ${program}: it is not installed (${packagesWith})`,
    );
  }
  const decoder = new TextDecoder();
  const stdout = decoder.decode(result.stdout);
  if (result.success) return stdout;
  const words = [program, ...args].join(" ");
  const said = (stdout + decoder.decode(result.stderr)).trimEnd();
  throw new PackageError(`unable to run ${words}: it failed:\n${said}`);
}

const packagesWith =
  "Debian: apt-get install debhelper dpkg-dev fakeroot tar gzip";

/**
 * Of tar, so that the same files are the same archive, whoever packs them and
 * when.
 */
export const sameArchive = (epochSeconds: number): string[] => [
  "--sort=name",
  `--mtime=@${epochSeconds}`,
  "--owner=0",
  "--group=0",
  "--numeric-owner",
  "--format=gnu",
];

/**
 * What a subcommand prints. The source is asked, since the executable may be
 * for another machine than this one.
 */
export const fromSource = (...args: string[]): Promise<string> =>
  stdoutOf(Deno.execPath(), [
    ...["run", "--quiet", "-A", "--unstable-net", "--no-check"],
    ...[`${root}/main.ts`, ...args],
  ]);
