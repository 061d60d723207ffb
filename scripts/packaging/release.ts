/**
 * What is packed: an executable, its version, its architecture and its date.
 *
 * @module
 */
import { root } from "../build/run.ts";
import { PackageError, stdoutOf } from "./tools.ts";

/** An architecture, as each kind of package calls it. */
export interface Architecture {
  /** In the names of files, and in Deno's targets. */
  readonly name: string;
  readonly debian: string;
  readonly oci: string;
  /** e_machine of ELF's header. */
  readonly machine: number;
}

/** Those that there are packages for. */
export const architectures: readonly Architecture[] = [
  { name: "x86_64", debian: "amd64", oci: "amd64", machine: 62 },
  { name: "aarch64", debian: "arm64", oci: "arm64", machine: 183 },
];

export interface Release {
  readonly version: string;
  readonly architecture: Architecture;
  readonly executable: string;
  /** Licences of what is bundled; the build writes it beside the executable. */
  readonly notices: string;
  /** When it was made, for every date in the packages. */
  readonly epochSeconds: number;
}

/** @throws {PackageError} where it is no executable that there is a package for */
export async function releaseOf(executable: string): Promise<Release> {
  const { version } = JSON.parse(
    await Deno.readTextFile(`${root}/deno.json`),
  );
  const architecture = architectureOf(executable);
  const notices = executable.replace(/[^/]*$/, "NOTICES");
  if (!exists(notices)) {
    throw new PackageError(
      `unable to find ${notices}, the licences of what is bundled: ` +
        `scripts/deno task build makes it`,
    );
  }
  const epochSeconds = await epoch();
  return { version, architecture, executable, notices, epochSeconds };
}

function architectureOf(executable: string): Architecture {
  const head = new Uint8Array(20);
  try {
    using file = Deno.openSync(executable);
    file.readSync(head);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new PackageError(
      `unable to read ${executable}: it is not there; ` +
        `scripts/deno task build makes it`,
    );
  }
  const isElf = head[0] === 0x7f &&
    new TextDecoder().decode(head.subarray(1, 4)) === "ELF";
  const machine = new DataView(head.buffer).getUint16(18, true);
  const found = architectures.find((each) => each.machine === machine);
  if (isElf && found) return found;
  const names = architectures.map(({ name }) => name).join(" or ");
  throw new PackageError(`${executable} is no executable for ${names}`);
}

/**
 * SOURCE_DATE_EPOCH, else the date of the commit; where the source came
 * without its history, a date that is the same for all.
 */
async function epoch(): Promise<number> {
  const set = Deno.env.get("SOURCE_DATE_EPOCH");
  if (set !== undefined) {
    if (/^\d{1,12}$/.test(set)) return Number(set);
    throw new PackageError(
      `SOURCE_DATE_EPOCH is to be seconds since 1970, not ` +
        JSON.stringify(set),
    );
  }
  if (!exists(`${root}/.git`)) return withoutHistorySeconds;
  const git = ["-c", "safe.directory=*", "log", "-1", "--format=%ct"];
  return Number(await stdoutOf("git", git));
}

/** 1 January 1980, the first date that every archive can have. */
const withoutHistorySeconds = 315_532_800;

/** Whether there is a file or a folder. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
}
