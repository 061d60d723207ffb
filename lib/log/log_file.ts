/**
 * A log file that others may move away while we write to it, as logrotate(8)
 * does: what is written next is in a new one of that name.
 *
 * @module
 */
import { codeOf, reason } from "../base/reason.ts";
import type { Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import { type AppendedFile, handedLog, logMode } from "../sys/handed_log.ts";

/** How long it may be another file by that name before we notice. */
const lookMs = 1000;

export class LogFile {
  #file: AppendedFile;
  #info: Deno.FileInfo;
  #lookedAt = performance.now();
  readonly #trouble: LastingTrouble;

  /**
   * @param emit is told once when it cannot be written
   * @throws Error that has a reason
   */
  constructor(readonly path: string, emit: Emit) {
    this.#trouble = new LastingTrouble(emit);
    this.#file = handedLog(path) ?? open(path);
    this.#info = this.#file.statSync();
  }

  /** Looks at the next write whether it is still the file (HUP). */
  refresh(): void {
    this.#lookedAt = -Infinity;
    this.#trouble.over();
  }

  /** How many bytes were taken. */
  async write(bytes: Uint8Array): Promise<number> {
    try {
      await this.#follow();
      const taken = await this.#file.write(bytes);
      this.#trouble.over();
      return taken;
    } catch (error) {
      this.#tell(error, "lines are lost");
      throw error;
    }
  }

  /** What was opened before stays where nothing else can be. */
  async #follow(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt < lookMs) return;
    this.#lookedAt = now;
    if (await this.#isSame()) return;
    try {
      const file = open(this.path);
      this.#info = file.statSync();
      this.#file.close();
      this.#file = file;
    } catch (error) {
      this.#tell(error, "it goes on in the one that was there");
    }
  }

  async #isSame(): Promise<boolean> {
    try {
      const { dev, ino } = await Deno.stat(this.path);
      return dev === this.#info.dev && ino === this.#info.ino;
    } catch (error) {
      // Where it cannot be looked at, it cannot be opened either.
      return codeOf(error) !== "ENOENT";
    }
  }

  #tell(error: unknown, so: string): void {
    const why = reason(error);
    this.#trouble.tell([`unable to write ${this.path}: ${why}; ${so}`]);
  }
}

/**
 * Opens a file to append to.
 *
 * @throws Error that has a reason
 */
function open(path: string): Deno.FsFile {
  const there = statOf(path);
  // To open a FIFO would be to wait for its reader, and so would be to write.
  if (there?.isFifo) throw new Error("it is a FIFO");
  return Deno.openSync(path, { append: true, create: true, mode: logMode });
}

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null; // opening tells what is wrong, or makes it
  }
}

/**
 * Whether it could be written to, without making it.
 *
 * @throws Error that has a reason
 */
export function tryLogFile(path: string): void {
  const isNew = statOf(path) === null;
  open(path).close();
  if (isNew) Deno.removeSync(path);
}
