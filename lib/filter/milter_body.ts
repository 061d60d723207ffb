/**
 * A body that a milter puts in a message's place.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import { Spool } from "../deliver/spool.ts";
import type { Read } from "./filter.ts";

/** Once for each reading: of the filters after it, and of the target. */
const readings = 2;

export class MilterBody {
  readonly #spool: Spool;
  #isInLine = false;

  /** @param folder where it is kept when it is long */
  constructor(folder: string) {
    this.#spool = new Spool(folder, readings);
  }

  /**
   * Takes a piece of it, a byte string. Lines end with LF here, and a CR that
   * ends none is not taken from clients either.
   */
  append(data: string): void | Promise<void> {
    const text = data.replaceAll("\r", "");
    if (text === "") return;
    this.#isInLine = !text.endsWith("\n");
    return this.#spool.append(toBytes(text));
  }

  /** No more of it comes: its last line has an end. */
  end(): void | Promise<void> {
    if (this.#isInLine) return this.#spool.append(toBytes("\n"));
  }

  readonly read: Read = () => this.#spool.read();

  close(): void {
    this.#spool.close();
  }
}
