/**
 * A file, or stdin, that a command reads: as a whole, or block by block with a
 * bar for who waits.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";
import { Progress } from "./progress.ts";

/** More than a second of compiling is some megabytes; see Progress. */
const blockBytes = 1 << 18;

const stdin = "-";
const stdinPath = "/dev/stdin";

/** What a path is called in messages. */
export const nameOf = (path: string): string => path === stdin ? "stdin" : path;

/** What ends a command that cannot read its input. */
export const unreadable = (name: string, error: unknown): Fatal =>
  new Fatal(111, `fatal: unable to read ${name}: ${reason(error)}`, {
    cause: error,
  });

/** All of a file. Throws Fatal. */
export function readFile(path: string, name = path): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw unreadable(name, error);
  }
}

/**
 * All of a text.
 *
 * @param path "-" is stdin
 * @throws Fatal
 */
export async function readText(path: string): Promise<Uint8Array> {
  if (path !== stdin) return readFile(path);
  try {
    await refuseClosedStdin();
  } catch (error) {
    throw unreadable(nameOf(path), error);
  }
  return readFile(stdinPath, nameOf(path));
}

/** A text to be read block by block. */
export class Input {
  readonly #progress: Progress;

  private constructor(
    readonly name: string,
    readonly file: typeof Deno.stdin | Deno.FsFile,
    sizeBytes: number | null,
    calledAs: string,
  ) {
    const draw = (text: string) => {
      Deno.stderr.writeSync(toBytes(text));
    };
    const isSeen = Deno.stderr.isTerminal();
    this.#progress = new Progress(calledAs, sizeBytes, isSeen ? draw : null);
  }

  /**
   * @param path "-" is stdin
   * @param calledAs stands in front of the bar
   * @param name for messages, if it is not the path's
   * @throws Fatal
   */
  static async open(
    path: string,
    calledAs: string,
    name = nameOf(path),
  ): Promise<Input> {
    try {
      if (path === stdin) await refuseClosedStdin();
      const file = path === stdin ? Deno.stdin : Deno.openSync(path);
      const info = statOf(path === stdin ? stdinPath : path);
      return new Input(name, file, info?.isFile ? info.size : null, calledAs);
    } catch (error) {
      throw unreadable(name, error);
    }
  }

  /** Each is only to be looked at until the next is asked for. Throws Fatal. */
  *blocks(): Generator<Uint8Array> {
    const block = new Uint8Array(blockBytes);
    for (;;) {
      const length = this.#read(block);
      if (length === null) return;
      yield block.subarray(0, length);
      this.#progress.advance(length);
    }
  }

  end(): void {
    this.#progress.end();
    if (this.file !== Deno.stdin) this.file.close();
  }

  #read(block: Uint8Array): number | null {
    try {
      return this.file.readSync(block);
    } catch (error) {
      throw unreadable(this.name, error);
    }
  }
}

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null; // there is no /proc; opening a file tells what is wrong
  }
}

/**
 * A closed stdin is no empty text, which may allow everybody.
 *
 * @throws SystemError
 */
async function refuseClosedStdin(): Promise<void> {
  const info = statOf(stdinPath);
  if (info && !info.isCharDevice) return; // libc takes milliseconds to ask
  const { checkStdin } = await import("../sys/descriptors.ts");
  checkStdin();
}
